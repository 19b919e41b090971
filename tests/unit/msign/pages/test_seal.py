"""Seals outlive the rotation of their key, as long as the old one is still among the keys."""

import pytest

from services.msign.pages.entry import Entry
from services.msign.pages.seal import Seal
from services.msign.pages.visits import Visit
from services.msign.public.verdicts import VerdictSeal
from services.msign.public.view import checked_now, verdict_view
from shared.contract.models import Language
from shared.errors import Malformed
from shared.keys import Keyring
from shared.signatures.verdict import Report, broken

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def visit():
    return Visit(
        request_id="r" * 32, browser="b" * 32, entry=Entry(return_url="https://x.example"), language=Language.RO
    )


@pytest.fixture
def verdict():
    return verdict_view(Report(signatures=(broken("bad", "it is bad"),)), checked_now(b"file"))


@pytest.mark.parametrize(("keys", "opens"), [(f"{OLD} {NEW}", True), (f"{NEW} {OLD}", True), (NEW, False)])
def test_a_form_a_link_and_a_verdict_of_before_open_while_their_key_is_known(visit, verdict, keys, opens):
    text = OLD
    seal = Seal(Keyring.following(lambda: text))
    verdicts = VerdictSeal(Keyring.following(lambda: text))
    form, link, shown = seal.form(visit, 3), seal.link(visit), verdicts.seal(verdict)
    text = keys
    if opens:
        assert seal.open_form(form, visit) == 3
        seal.check_link(link, visit)
        assert verdicts.open(shown) == verdict
        return
    for opened in (
        lambda: seal.open_form(form, visit), lambda: seal.check_link(link, visit), lambda: verdicts.open(shown),
    ):  # fmt: skip
        with pytest.raises(Malformed):
            opened()


def test_the_first_key_seals(visit):
    form = Seal(Keyring(NEW, OLD)).form(visit)
    assert Seal(Keyring(NEW)).open_form(form, visit) == 0
    with pytest.raises(Malformed):
        Seal(Keyring(OLD)).open_form(form, visit)
