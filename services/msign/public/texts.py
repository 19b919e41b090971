"""What does the verification page say, in Romanian, Russian and English?"""

from services.msign.pages.texts import TEXTS as SHARED
from services.msign.pages.texts import text as shared_text
from shared.contract.models import Language

_ORDER = (Language.RO, Language.RU, Language.EN)

TEXTS: dict[str, tuple[str, str, str]] = {
    "verify_title": ("Verificați o semnătură", "Проверка подписи", "Verify a signature"),
    "verify_text": (
        "Aflați cine a semnat un fișier, când, și dacă semnătura este valabilă. Fișierele nu se păstrează.",
        "Узнайте, кто и когда подписал файл и действительна ли подпись. Файлы не сохраняются.",
        "See who signed a file, when, and whether the signature is valid. Nothing that you upload is kept.",
    ),
    "signed_file": (
        "Fișierul semnat (PDF sau XAdES, cel mult 32 MB)",
        "Подписанный файл (PDF или XAdES, не более 32 МБ)",
        "The signed file (PDF or XAdES, up to 32 MB)",
    ),
    "for_xades": ("Numai pentru semnături XAdES", "Только для подписей XAdES", "Only for XAdES signatures"),
    "for_xades_hint": (
        "Fișierul XML nu cuprinde documentul însuși. Alegeți documentul sau scrieți amprenta lui.",
        "XML-файл не содержит самого документа. Выберите документ или введите его отпечаток.",
        "The XML file does not hold the document itself. Choose the document, or enter its hash.",
    ),
    "original_file": ("Documentul original", "Исходный документ", "The original document"),
    "hash": (
        "sau amprenta lui (hexazecimal ori base64)",
        "или его отпечаток (hex или base64)",
        "or its hash (hexadecimal or base64)",
    ),
    "verify": ("Verifică", "Проверить", "Verify"),
    "verify_another": ("Verificați alt fișier", "Проверить другой файл", "Verify another file"),
    "no_file": (
        "Alegeți fișierul semnat.",
        "Выберите подписанный файл.",
        "Choose the signed file.",
    ),
    "no_hash": (
        "Amprenta nu este hexazecimală sau base64 de lungimea cunoscută (SHA-1, SHA-2). Verificați ce ați scris.",
        "Отпечаток не является hex или base64 известной длины (SHA-1, SHA-2). Проверьте введённое.",
        "The hash is neither hexadecimal nor base64 of a known length (SHA-1, SHA-2). Check what you entered.",
    ),
    "too_large": (
        "Fișierele sunt prea mari: împreună pot avea cel mult 32 MB.",
        "Файлы слишком велики: вместе не более 32 МБ.",
        "The files are too large: together they may have up to 32 MB.",
    ),
    "verify_busy": (
        "Prea multe verificări deodată. Încercați din nou peste un minut.",
        "Слишком много проверок одновременно. Повторите через минуту.",
        "Too many verifications at once. Try again in a minute.",
    ),
    "no_signature": (
        "Fișierul nu conține nicio semnătură.",
        "Файл не содержит подписи.",
        "The file holds no signature.",
    ),
    "unreadable": (
        "Fișierul nu poate fi citit: nu este un PDF sau o semnătură XAdES, este deteriorat ori criptat.",
        "Файл не читается: это не PDF и не подпись XAdES, либо он повреждён или зашифрован.",
        "The file cannot be read: it is no PDF or XAdES signature, or it is damaged or encrypted.",
    ),
    "verdict_valid": (
        "Semnăturile sunt valabile",
        "Подписи действительны",
        "Validly signed",
    ),
    "verdict_valid_text": (
        "Documentul nu a fost schimbat de la semnare, iar semnatarii sunt cunoscuți.",
        "Документ не изменён после подписания, подписавшие известны.",
        "The document has not been changed since, and it is known who signed.",
    ),
    "verdict_unknown": (
        "Nu se poate spune cine a semnat",
        "Нельзя сказать, кто подписал",
        "It cannot be said who signed",
    ),
    "verdict_unknown_text": (
        "Documentul este neschimbat, însă certificatul nu este de încredere. Cereți semnatarului un alt certificat.",
        "Документ не изменён, но сертификату нельзя доверять. Попросите подписать другим сертификатом.",
        "The document is unchanged, but the certificate is not to be trusted. Ask for a signature with another one.",
    ),
    "verdict_invalid": ("Semnătura nu este valabilă", "Подпись недействительна", "Not validly signed"),
    "verdict_invalid_text": (
        "Nu vă bazați pe acest document. Cereți semnatarului documentul original.",
        "Не полагайтесь на этот документ. Запросите оригинал у подписавшего.",
        "Do not rely on this document. Ask the signer for the original.",
    ),
    "signature_number": ("Semnătura {number}", "Подпись {number}", "Signature {number}"),
    "signer": ("Semnatar", "Подписал", "Signer"),
    "signed_at": ("Data semnării", "Время подписания", "Signed at"),
    "claimed_at": (
        "Data declarată de semnatar",
        "Время со слов подписавшего",
        "Time according to the signer",
    ),
    "issuer": ("Certificat emis de", "Сертификат выдан", "Certificate issued by"),
    "validity": ("Certificat valabil", "Сертификат действует", "Certificate valid"),
    "integrity": ("Integritate", "Целостность", "Integrity"),
    "integrity_passed": ("Ce s-a semnat este neschimbat.", "Подписанное не изменено.", "What was signed is unchanged."),
    "integrity_failed": (
        "Ce s-a semnat a fost schimbat sau semnătura este stricată.",
        "Подписанное изменено, или подпись повреждена.",
        "What was signed has been changed, or the signature is broken.",
    ),
    "coverage": ("Cuprindere", "Охват", "Coverage"),
    "coverage_whole": (
        "Semnătura cuprinde tot documentul.",
        "Подпись охватывает весь документ.",
        "The signature covers the whole document.",
    ),
    "coverage_partial": (
        "După semnare s-a adăugat ceva ce semnatarul nu a văzut.",
        "После подписания добавлено то, чего подписавший не видел.",
        "Something was added afterwards that the signer did not see.",
    ),
    "coverage_none": (
        "Semnătura nu este pentru acest document.",
        "Подпись не относится к этому документу.",
        "The signature is not over this document.",
    ),
    "timestamp": ("Marcă temporală", "Метка времени", "Timestamp"),
    "timestamp_passed": (
        "O autoritate independentă confirmă data.",
        "Время подтверждено независимой службой.",
        "An independent authority confirms the time.",
    ),
    "timestamp_failed": (
        "Marca temporală nu este valabilă.",
        "Метка времени недействительна.",
        "The timestamp is not valid.",
    ),
    "timestamp_none": (
        "Nimeni altcineva nu confirmă data.",
        "Время никем больше не подтверждено.",
        "Nobody else confirms the time.",
    ),
    "trust": ("Încredere", "Доверие", "Trust"),
    "trust_trusted": (
        "Certificatul vine de la o autoritate de încredere.",
        "Сертификат выдан доверенным центром.",
        "The certificate comes from an authority that is trusted here.",
    ),
    "trust_untrusted": (
        "Emitentul certificatului nu este cunoscut aici.",
        "Издатель сертификата здесь неизвестен.",
        "The certificate's issuer is not known here.",
    ),
    "trust_revoked": ("Certificatul a fost revocat.", "Сертификат отозван.", "The certificate was revoked."),
    "trust_expired": (
        "Certificatul nu era valabil la semnare.",
        "Сертификат не действовал в момент подписания.",
        "The certificate was not valid at the time of signing.",
    ),
    "trust_unknown": (
        "Certificatul nu a putut fi verificat.",
        "Сертификат не удалось проверить.",
        "The certificate could not be checked.",
    ),
    "weak": (
        "Semnătura folosește algoritmi care nu mai sunt siguri.",
        "Подпись использует алгоритмы, которые больше не безопасны.",
        "The signature uses algorithms that are no longer safe.",
    ),
}


def text(language: Language, key: str, **values: object) -> str:
    """Return a text of this page, else one that all pages share."""
    if key in SHARED:
        return shared_text(language, key, **values)
    return TEXTS[key][_ORDER.index(language)].format(**values)
