"""What do the pages say, in Romanian, Russian and English?

One table: every text has all three languages, side by side, so that a missing one cannot go unseen.
"""

from collections.abc import Iterable

from shared.contract.models import Language

_ORDER = (Language.RO, Language.RU, Language.EN)

TEXTS: dict[str, tuple[str, str, str]] = {
    "product": ("Semnătură electronică", "Электронная подпись", "Electronic signature"),
    "skip": ("Salt la conținut", "К содержанию", "Skip to content"),
    "language": ("Limba", "Язык", "Language"),
    "test_instance": (
        "Instanță de test. Semnăturile de aici nu au valoare juridică.",
        "Тестовая среда. Подписи, созданные здесь, не имеют юридической силы.",
        "Test instance. Signatures made here have no legal value.",
    ),
    "sign_title": ("Semnați documentele", "Подписание документов", "Sign the documents"),
    "asks": ("{consumer} vă cere semnătura", "{consumer} просит вашу подпись", "{consumer} asks for your signature"),
    "what": ("Ce semnați", "Что вы подписываете", "What you sign"),
    "returns_to": ("După semnare reveniți la", "После подписания вы вернётесь на", "After signing you return to"),
    "leads_to": ("Reveniți la", "Возврат на", "Back to"),
    "document": ("Documentul {number}", "Документ {number}", "Document {number}"),
    "size": ("Mărimea", "Размер", "Size"),
    "digest": ("Amprenta", "Отпечаток", "Digest"),
    "bytes": ("{count} octeți", "{count} байт", "{count} bytes"),
    "kilobytes": ("{count} KB", "{count} КБ", "{count} KB"),
    "megabytes": ("{count} MB", "{count} МБ", "{count} MB"),
    "signing_now": (
        "Se semnează. Nu închideți pagina.",
        "Идёт подписание. Не закрывайте страницу.",
        "Signing. Keep this page open.",
    ),
    "kind_hash": ("Amprenta unui document", "Отпечаток документа", "Digest of a document"),
    "kind_pdf": ("Document PDF", "Документ PDF", "PDF document"),
    "choose": ("Alegeți instrumentul de semnare", "Выберите способ подписания", "Choose how to sign"),
    "choose_hint": (
        "Veți introduce codul PIN sau parola în pasul următor.",
        "PIN-код или пароль вводится на следующем шаге.",
        "You will enter your PIN or password in the next step.",
    ),
    "instrument_moldsign": ("MoldSign", "MoldSign", "MoldSign"),
    "about_moldsign": (
        "Dispozitiv criptografic cu cod PIN",
        "Криптографический токен с PIN-кодом",
        "Cryptographic token with a PIN",
    ),
    "instrument_mobile": ("Semnătură mobilă", "Мобильная подпись", "Mobile signature"),
    "about_mobile": (
        "PIN-ul se introduce pe telefon",
        "PIN-код вводится на телефоне",
        "You enter the PIN on your phone",
    ),
    "instrument_nationalid": ("Buletin electronic", "Электронное удостоверение", "Identity card"),
    "about_nationalid": (
        "Cartea de identitate cu cip; PIN-ul se cere pentru fiecare document",
        "Удостоверение личности с чипом; PIN-код для каждого документа",
        "Identity card with a chip; asks for its PIN for each document",
    ),
    "instrument_securesign": ("SecureSign", "SecureSign", "SecureSign"),
    "about_securesign": (
        "Dispozitiv criptografic USB cu cod PIN",
        "USB-токен с PIN-кодом",
        "USB token with a PIN",
    ),
    "instrument_tax": ("Cheie de la Serviciul Fiscal", "Ключ налоговой службы", "Tax service key"),
    "about_tax": (
        "Fișier cu cheie (.p12, .pfx) și parolă",
        "Файл ключа (.p12, .pfx) с паролем",
        "Key file (.p12, .pfx) with a password",
    ),
    "instrument_unavailable": (
        "Instrumentul cerut nu este disponibil aici. Alegeți altul.",
        "Запрошенный способ здесь недоступен. Выберите другой.",
        "The requested instrument is not available here. Choose another.",
    ),
    "pin_title": ("Introduceți codul PIN", "Введите PIN-код", "Enter your PIN"),
    "pin_title_file": ("Încărcați fișierul cu cheia", "Загрузите файл ключа", "Upload your key file"),
    "document_of": ("Documentul {number} din {total}", "Документ {number} из {total}", "Document {number} of {total}"),
    "field_idnp": ("IDNP (13 cifre)", "IDNP (13 цифр)", "Personal number, IDNP (13 digits)"),
    "field_pin": ("Cod PIN", "PIN-код", "PIN"),
    "field_msisdn": (
        "Numărul de telefon (cu prefixul țării)",
        "Номер телефона (с кодом страны)",
        "Phone number (with the country's code)",
    ),
    "pin_title_mobile": ("Semnați pe telefon", "Подпишите на телефоне", "Sign on your phone"),
    "call": ("Trimite pe telefon", "Отправить на телефон", "Send to my phone"),
    "phone_title": ("Confirmați pe telefon", "Подтвердите на телефоне", "Confirm on your phone"),
    "phone_code": ("Cod de verificare", "Код проверки", "Verification code"),
    "phone_compare": (
        "Introduceți PIN-ul pe telefon numai dacă acolo vedeți același cod.",
        "Вводите PIN-код на телефоне, только если видите там тот же код.",
        "Enter your PIN on the phone only if you see the same code there.",
    ),
    "phone_waiting": (
        "Așteptăm confirmarea de pe telefon…",
        "Ждём подтверждения с телефона…",
        "Waiting for your phone…",
    ),
    "phone_signing": (
        "Se semnează: {number} din {total}…",
        "Подписание: {number} из {total}…",
        "Signing: {number} of {total}…",
    ),
    "phone_timed_out": (
        "Telefonul nu a răspuns la timp. Nu s-a semnat nimic; încercați din nou sau alegeți alt instrument.",
        "Телефон не ответил вовремя. Ничего не подписано; повторите или выберите другой способ.",
        "The phone did not answer in time. Nothing was signed; try again, or choose another instrument.",
    ),
    "phone_ended": ("Semnarea pe telefon nu a reușit", "Подписать на телефоне не удалось", "The phone did not sign"),
    "phone_page": ("Telefonul", "Телефон", "Phone"),
    "phone_idle": (
        "Nu există cereri de semnare. Cererile noi apar aici.",
        "Запросов на подпись нет. Новые запросы появятся здесь.",
        "There is nothing to sign. New requests appear here.",
    ),
    "phone_refuse": ("Refuză", "Отклонить", "Refuse"),
    "phone_signed": (
        "Ați semnat. Continuați pe pagina de semnare.",
        "Подписано. Продолжите на странице подписания.",
        "You have signed. Go on at the Sign Page.",
    ),
    "phone_too_late": (
        "Această cerere nu mai așteaptă semnătura.",
        "Этот запрос больше не ждёт подписи.",
        "This request does not wait for a signature any more.",
    ),
    "phone_refused": ("Ați refuzat pe telefon.", "Вы отказались на телефоне.", "You refused on the phone."),
    "reason_failed": ("Semnarea nu a reușit.", "Подписание не выполнено.", "Signing failed."),
    "field_keyfile": ("Fișierul cu cheia (.p12, .pfx)", "Файл ключа (.p12, .pfx)", "Key file (.p12, .pfx)"),
    "field_password": ("Parola fișierului", "Пароль файла", "Password of the file"),
    "key_file_kept": (
        "Fișierul și parola se folosesc doar pentru această semnare și nu se păstrează.",
        "Файл и пароль используются только для этой подписи и не сохраняются.",
        "The file and its password are used for this signature only and are not kept.",
    ),
    "sign": ("Semnează", "Подписать", "Sign"),
    "cancel": ("Renunță", "Отказаться", "Cancel"),
    "other_instrument": ("Alt instrument", "Другой способ", "Another instrument"),
    "signs_count": (
        "Documente de semnat: {count}. PIN-ul se introduce o singură dată.",
        "Документов к подписи: {count}. PIN-код вводится один раз.",
        "Documents to sign: {count}. The PIN is entered once.",
    ),
    "signs_count_each": (
        "Documente de semnat: {count}. PIN-ul se introduce pentru fiecare document.",
        "Документов к подписи: {count}. PIN-код вводится для каждого документа.",
        "Documents to sign: {count}. The PIN is entered for each document.",
    ),
    "signs_count_file": (
        "Documente de semnat: {count}.",
        "Документов к подписи: {count}.",
        "Documents to sign: {count}.",
    ),
    "error_title": ("Verificați datele introduse", "Проверьте введённые данные", "Check what you entered"),
    "unknown_token": (
        "Nu există un dispozitiv cu acest IDNP.",
        "Токен с таким IDNP не найден.",
        "There is no token with this personal number.",
    ),
    "wrong_pin": (
        "Codul PIN este greșit. Încercări rămase: {tries}.",
        "Неверный PIN-код. Осталось попыток: {tries}.",
        "The PIN is wrong. Tries left: {tries}.",
    ),
    "locked": (
        "Dispozitivul este blocat după prea multe coduri PIN greșite.",
        "Токен заблокирован: слишком много неверных PIN-кодов.",
        "The token is locked after too many wrong PINs.",
    ),
    "unknown_subscriber": (
        "Nu există un abonat cu acest număr și IDNP.",
        "Абонент с таким номером и IDNP не найден.",
        "There is no subscriber with this number and personal number.",
    ),
    "too_many_tries": (
        "Prea multe încercări greșite. Așteptați câteva minute, apoi încercați din nou.",
        "Слишком много неверных попыток. Подождите несколько минут и попробуйте снова.",
        "Too many wrong entries. Wait a few minutes, then try again.",
    ),
    "key_file_unreadable": (
        "Fișierul nu este o cheie sau parola este greșită.",
        "Файл не является ключом, или пароль неверен.",
        "The file is not a key, or the password is wrong.",
    ),
    "certificate_expired": (
        "Certificatul a expirat. Folosiți alt instrument sau reînnoiți certificatul.",
        "Срок действия сертификата истёк. Выберите другой способ или обновите сертификат.",
        "The certificate has expired. Use another instrument, or renew the certificate.",
    ),
    "certificate_revoked": (
        "Certificatul a fost revocat. Folosiți alt instrument.",
        "Сертификат отозван. Выберите другой способ.",
        "The certificate was revoked. Use another instrument.",
    ),
    "certificate_untrusted": (
        "Certificatul nu a fost emis de un prestator recunoscut aici.",
        "Сертификат выдан неизвестным здесь поставщиком.",
        "The certificate was not issued by a provider known here.",
    ),
    "status_unknown": (
        "Starea certificatului nu poate fi verificată acum. Nu s-a semnat nimic; încercați din nou.",
        "Сейчас нельзя проверить статус сертификата. Ничего не подписано; попробуйте ещё раз.",
        "The certificate's status cannot be checked now. Nothing was signed; try again.",
    ),
    "token_unavailable": (
        "Dispozitivul de semnare nu răspunde. Încercați din nou.",
        "Токен не отвечает. Попробуйте ещё раз.",
        "The signing device does not answer. Try again.",
    ),
    "signer_mismatch": (
        "Documentele trebuie semnate de altă persoană. Folosiți dispozitivul acelei persoane sau renunțați.",
        "Документы должно подписать другое лицо. Используйте его токен или откажитесь.",
        "Somebody else is expected to sign. Use that person's token, or cancel.",
    ),
    "busy": (
        "Cererea este în curs de semnare într-o altă filă. Așteptați, apoi reîncărcați pagina.",
        "Запрос уже подписывается в другой вкладке. Подождите и обновите страницу.",
        "This request is being signed in another tab. Wait, then reload the page.",
    ),
    "no_timestamp": (
        "Serviciul de marcare temporală nu răspunde. Nu s-a semnat nimic; încercați din nou.",
        "Служба меток времени не отвечает. Ничего не подписано; попробуйте ещё раз.",
        "The timestamping service does not answer. Nothing was signed; try again.",
    ),
    "demo_people": ("Persoane de test", "Тестовые лица", "Test people"),
    "demo_name": ("Nume", "Имя", "Name"),
    "done_title": ("Documentele au fost semnate", "Документы подписаны", "The documents are signed"),
    "done_text": (
        "Reveniți acum la serviciul care v-a cerut semnătura.",
        "Сейчас вы вернётесь в сервис, запросивший подпись.",
        "You are now returning to the service that asked for your signature.",
    ),
    "continue": ("Continuă", "Продолжить", "Continue"),
    "ok": ("OK", "OK", "OK"),
    "failed_title": ("Semnarea nu a reușit", "Подписание не выполнено", "Signing failed"),
    "reason_declined": (
        "Ați renunțat la semnare.",
        "Вы отказались от подписания.",
        "You cancelled the signing.",
    ),
    "reason_signing_failed": (
        "Unul dintre documente nu poate fi semnat.",
        "Один из документов не может быть подписан.",
        "One of the documents cannot be signed.",
    ),
    "finished_title": ("Cererea este deja încheiată", "Запрос уже завершён", "This request is already finished"),
    "finished_success": (
        "Documentele au fost semnate mai devreme.",
        "Документы были подписаны ранее.",
        "The documents were signed earlier.",
    ),
    "finished_failure": (
        "Semnarea s-a încheiat mai devreme fără succes.",
        "Подписание ранее завершилось неудачно.",
        "Signing ended earlier without success.",
    ),
    "expired_title": ("Cererea a expirat", "Срок запроса истёк", "This request has expired"),
    "expired_text": (
        "Termenul de semnare a trecut. Reveniți la serviciul care v-a trimis și porniți din nou.",
        "Срок подписания прошёл. Вернитесь в сервис, который вас направил, и начните заново.",
        "The time to sign has passed. Go back to the service that sent you and start again.",
    ),
    "unknown_title": ("Cererea nu a fost găsită", "Запрос не найден", "Request not found"),
    "unknown_text": (
        "Adresa este greșită sau cererea a fost ștearsă. Reveniți la serviciul care v-a trimis și porniți din nou.",
        "Адрес неверен или запрос удалён. Вернитесь в сервис, который вас направил, и начните заново.",
        "The address is wrong or the request was removed. Go back to the service that sent you and start again.",
    ),
    "bad_title": ("Pagina nu poate fi deschisă", "Страница не может быть открыта", "This page cannot be opened"),
    "return_url_missing": (
        "Serviciul care v-a trimis nu a spus unde să reveniți (ReturnUrl).",
        "Сервис не указал адрес возврата (ReturnUrl).",
        "The service that sent you did not say where to return (ReturnUrl).",
    ),
    "return_url_not_allowed": (
        "Adresa de revenire (ReturnUrl) nu este permisă pentru acest serviciu.",
        "Адрес возврата (ReturnUrl) не разрешён для этого сервиса.",
        "The return address (ReturnUrl) is not allowed for this service.",
    ),
    "relay_state_too_long": (
        "Parametrul RelayState depășește 2 KiB.",
        "Параметр RelayState длиннее 2 КиБ.",
        "The parameter RelayState is longer than 2 KiB.",
    ),
    "msisdn_invalid": (
        "Numărul de telefon (MSISDN) trebuie să conțină doar cifre.",
        "Номер телефона (MSISDN) должен состоять только из цифр.",
        "The phone number (MSISDN) must consist of digits.",
    ),
    "stale_form": (
        "Formularul este prea vechi sau browserul nu acceptă cookie-uri. Reveniți la serviciu și porniți din nou.",
        "Форма устарела или браузер не принимает cookie. Вернитесь в сервис и начните заново.",
        "The form is too old, or the browser accepts no cookies. Go back to the service and start again.",
    ),
    "broken": (
        "A apărut o eroare. Încercați din nou peste câteva minute.",
        "Произошла ошибка. Попробуйте ещё раз через несколько минут.",
        "Something went wrong. Try again in a few minutes.",
    ),
    "home_text": (
        "Aici cetățenii și companiile semnează electronic documentele pregătite de serviciile publice.",
        "Здесь граждане и компании подписывают документы, подготовленные государственными сервисами.",
        "Here people and companies sign the documents that public services have prepared for them.",
    ),
    "home_verify": ("Verificați o semnătură", "Проверить подпись", "Verify a signature"),
    "home_integrators": ("Pentru dezvoltatori", "Для разработчиков", "For integrators"),
    "home_integrators_text": (
        "Serviciul SOAP are WSDL-ul la /MSign.svc?wsdl și cere un certificat înregistrat de operatorul instanței.",
        "WSDL сервиса SOAP находится по адресу /MSign.svc?wsdl; сертификат регистрирует оператор этой среды.",
        "The SOAP service has its WSDL at /MSign.svc?wsdl and asks for a certificate that the operator registers.",
    ),
    "home_how": ("Cum funcționează", "Как это работает", "How it works"),
    "home_step1": (
        "Un serviciu electronic pregătește documentele și vă trimite aici.",
        "Электронный сервис готовит документы и направляет вас сюда.",
        "An e-Service prepares the documents and sends you here.",
    ),
    "home_step2": (
        "Verificați ce semnați, alegeți instrumentul și introduceți PIN-ul.",
        "Вы проверяете документы, выбираете способ и вводите PIN-код.",
        "You check what you sign, choose an instrument and enter your PIN.",
    ),
    "home_step3": (
        "Reveniți la serviciu cu documentele semnate.",
        "Вы возвращаетесь в сервис с подписанными документами.",
        "You return to the service with the signed documents.",
    ),
}


def text(language: Language, key: str, **values: object) -> str:
    """Return a text in a language, with its `{placeholders}` filled in."""
    template = TEXTS[key][_ORDER.index(language)]
    return template.format(**values) if values else template


def size_text(language: Language, size: int) -> str:
    """Return a size of so many bytes for people: in bytes, or to a tenth of a KB (1024 bytes) or MB."""
    if size < 1024:
        return text(language, "bytes", count=size)
    unit, divisor = ("kilobytes", 1024) if size < 1024 * 1024 else ("megabytes", 1024 * 1024)
    count = f"{size / divisor:.1f}"
    return text(language, unit, count=count if language is Language.EN else count.replace(".", ","))


def preferred(accept_language: str) -> Language:
    """Return the best of our languages for an Accept-Language header (RFC 9110 section 12.5.4); default Romanian."""
    wishes = sorted(_wishes(accept_language), key=lambda wish: -wish[0])
    known = [Language(name) for quality, name in wishes if quality > 0 and name in set(Language)]
    return known[0] if known else Language.RO


def _wishes(header: str) -> Iterable[tuple[float, str]]:
    for part in header[:512].split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.strip().removeprefix("q=")
        try:
            yield float(quality or 1), name.strip().lower().split("-")[0]
        except ValueError:
            continue
