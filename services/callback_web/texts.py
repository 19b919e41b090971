"""What do the pages say? Romanian, Russian, English."""

from shared.contract.models import Language

TEXTS: dict[Language, dict[str, str]] = {
    Language.RO: {
        "title": "Semnare electronică",
        "going": "Veți fi direcționat către pagina de semnare MSign.",
        "continue": "Continuă la MSign",
        "unknown": "Adresa nu este valabilă. Reveniți la serviciul de la care ați pornit.",
        "expired": "Termenul pentru semnare a trecut. Reveniți la serviciul de la care ați pornit.",
        "later": "Serviciul nu răspunde acum. Încercați din nou peste câteva momente.",
        "finished": "Semnarea s-a încheiat deja. Reveniți la serviciul de la care ați pornit.",
    },
    Language.RU: {
        "title": "Электронная подпись",
        "going": "Вы будете перенаправлены на страницу подписания MSign.",
        "continue": "Перейти к MSign",
        "unknown": "Адрес недействителен. Вернитесь в сервис, с которого вы начали.",
        "expired": "Срок подписания истёк. Вернитесь в сервис, с которого вы начали.",
        "later": "Сервис сейчас не отвечает. Повторите попытку через несколько минут.",
        "finished": "Подписание уже завершено. Вернитесь в сервис, с которого вы начали.",
    },
    Language.EN: {
        "title": "Electronic signature",
        "going": "You are being taken to the MSign signing page.",
        "continue": "Continue to MSign",
        "unknown": "This address is not valid. Please go back to the service where you started.",
        "expired": "The time for signing is over. Please go back to the service where you started.",
        "later": "The service does not answer now. Please try again in a moment.",
        "finished": "The signing is already finished. Please go back to the service where you started.",
    },
}


def texts_for(language: str | None) -> tuple[Language, dict[str, str]]:
    """Return the language, Romanian unless it is one of ours, and its texts."""
    lang = Language(language) if language in set(Language) else Language.RO
    return lang, TEXTS[lang]
