import pytest

from services.msign.messages import MAX_MESSAGE, OUTCOMES, VERDICTS, outcome_message, verdict_message
from shared.contract.models import Language


@pytest.mark.parametrize("language", Language)
def test_a_message_fits_the_contract_in_every_language(language):
    told = [verdict_message(language, key) for key in VERDICTS] + [outcome_message(language, key) for key in OUTCOMES]
    assert all(0 < len(message) <= MAX_MESSAGE for message in told)
    assert len(set(told)) == len(told)


def test_a_valid_signature_reads_as_in_the_contract():
    assert verdict_message(Language.RO, "valid") == "Semnătura este validă"
    assert verdict_message(Language.EN, "valid") == "The signature is valid"


@pytest.mark.parametrize("reason", [None, "something new"])
def test_an_unknown_reason_gets_the_general_message(reason):
    assert outcome_message(Language.EN, reason) == "Signing failed"
