"""What do the API's answers say to people, in Romanian, Russian and English? (contract: at most 100 characters)"""

from shared.contract.models import Language

MAX_MESSAGE = 100

_ORDER = (Language.RO, Language.RU, Language.EN)

VERDICTS: dict[str, tuple[str, str, str]] = {
    "valid": ("Semnătura este validă", "Подпись действительна", "The signature is valid"),
    "broken": ("Semnătura nu este validă", "Подпись недействительна", "The signature is not valid"),
    "altered": (
        "Semnătura nu este validă: conținutul nu este cel semnat",
        "Подпись недействительна: содержимое отличается от подписанного",
        "The signature is not valid: the content is not what was signed",
    ),
    "timestamp": (
        "Semnătura nu este validă: marca temporală este greșită",
        "Подпись недействительна: неверная метка времени",
        "The signature is not valid: its timestamp is wrong",
    ),
    "weak": (
        "Semnătura nu este acceptată: algoritmi prea slabi",
        "Подпись не принимается: слишком слабые алгоритмы",
        "The signature is not accepted: its algorithms are too weak",
    ),
    "revoked": (
        "Semnătura nu este validă: certificatul a fost revocat",
        "Подпись недействительна: сертификат отозван",
        "The signature is not valid: the certificate was revoked",
    ),
    "expired_certificate": (
        "Semnătura nu este validă: certificatul era expirat",
        "Подпись недействительна: срок сертификата истёк",
        "The signature is not valid: the certificate had expired",
    ),
    "untrusted": (
        "Semnătura nu este validă: certificatul nu este de încredere",
        "Подпись недействительна: сертификат не является доверенным",
        "The signature is not valid: the certificate is not trusted",
    ),
    "no_signature": ("Nu există nicio semnătură", "Подпись отсутствует", "There is no signature"),
    "unreadable": (
        "Semnătura nu poate fi citită",
        "Подпись не может быть прочитана",
        "The signature cannot be read",
    ),
}

OUTCOMES: dict[str, tuple[str, str, str]] = {
    "declined": ("Utilizatorul a renunțat la semnare", "Пользователь отказался", "The user declined to sign"),
    "signing_failed": (
        "Unul dintre documente nu poate fi semnat",
        "Один из документов не может быть подписан",
        "One of the documents cannot be signed",
    ),
    "wrong_pin": (
        "Codul PIN a fost introdus greșit de prea multe ori",
        "PIN-код введён неверно слишком много раз",
        "The PIN was wrong too many times",
    ),
    "locked": ("Dispozitivul de semnare este blocat", "Токен заблокирован", "The signing device is locked"),
    "signer_mismatch": (
        "A semnat altă persoană decât cea așteptată",
        "Подписало не то лицо, которое ожидалось",
        "Somebody else than the expected signer signed",
    ),
    "expired": ("Termenul de semnare a expirat", "Срок подписания истёк", "The time to sign has passed"),
    "failed": ("Semnarea nu a reușit", "Подписание не выполнено", "Signing failed"),
}


def verdict_message(language: Language, key: str) -> str:
    """The message of a VerificationResult."""
    return VERDICTS[key][_ORDER.index(language)]


def outcome_message(language: Language, reason: str | None) -> str:
    """The message of a SignResponse that is a Failure or Expired; an unknown reason gets the general one."""
    return OUTCOMES.get(reason or "", OUTCOMES["failed"])[_ORDER.index(language)]
