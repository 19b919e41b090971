"""Is a user who declined told from a signature that failed, by the message alone? (the contract has no code for it)"""

import pytest

from services.msign.messages import outcome_message
from shared.contract.models import Language
from shared.signing.results import is_declined


@pytest.mark.parametrize("language", Language)
def test_our_own_provider_says_so_in_each_language(language):
    assert is_declined(outcome_message(language, "declined"))
    assert not is_declined(outcome_message(language, "signing_failed"))


def test_no_message_says_nothing():
    assert not is_declined(None)
