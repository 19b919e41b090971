from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from msign_gateway.demo.mandates import MANDATES
from msign_gateway.demo.wishes import INSTRUMENTS, LANGUAGES, Wishes, command_of
from shared.contract.models import ContentType, DelegatorType, Instrument, Language
from shared.messaging.commands import SignRequestData

NOW = datetime(2026, 5, 1, tzinfo=UTC)
BACK = "https://declaratii.example/back"


def data_of(**form: object) -> SignRequestData:
    return SignRequestData.model_validate(command_of(Wishes.of(form), BACK, NOW))


def test_an_untouched_form_asks_for_one_hash_and_leaves_the_rest_to_the_sign_page():
    data = data_of(what="hashes", documents="1", language="ro", instrument="", msisdn="", expected_signer="")
    assert (data.content_type, data.language, data.return_url) == (ContentType.HASH, Language.RO, BACK)
    assert (data.instrument, data.msisdn, data.expected_signer) == (None, None, None)
    assert [len(content.content or b"") for content in data.contents] == [32]


@pytest.mark.parametrize("what", ["pdf", "hashes"])
def test_several_documents_are_several_contents_with_names_of_their_own(what: str):
    contents = data_of(what=what, documents="3").contents
    assert len({content.correlation_id for content in contents}) == 3
    assert len({content.name for content in contents}) == 3


def test_a_pdf_is_a_pdf():
    wanted = command_of(Wishes(pdf=True), BACK, NOW)
    assert base64.b64decode(wanted["contents"][0]["content"]).startswith(b"%PDF-")
    assert data_of(what="pdf").content_type is ContentType.PDF


def test_all_that_is_chosen_arrives():
    data = data_of(instrument="mobile", msisdn=" 37369000017 ", expected_signer="2000000000017", language="ru")
    assert (data.instrument, data.msisdn, data.language) == (Instrument.MOBILE, "37369000017", Language.RU)
    assert data.expected_signer is not None
    assert data.expected_signer.id == "2000000000017"


def test_a_signer_for_somebody_else_is_expected_with_the_delegator_and_the_role():
    in_role, for_person = (data_of(mandate=one.key, expected_signer="2").expected_signer for one in MANDATES)
    assert in_role is not None
    assert (in_role.delegator_type, in_role.delegator_id) == (DelegatorType.ORGANIZATION, "1000000000017")
    assert (in_role.id, in_role.delegated_role_id) == ("2000000000017", 3)
    assert for_person is not None
    assert (for_person.delegator_type, for_person.delegated_role_id) == (DelegatorType.PERSON, None)


@pytest.mark.parametrize(("asked", "got"), [("0", 1), ("", 1), ("x", 1), ("-2", 1), ("9", 9), ("10", 9), ("²", 1)])
def test_the_number_of_documents_stays_within_bounds(asked: str, got: int):
    assert Wishes.of({"documents": asked}).documents == got


def test_what_nobody_should_choose_is_for_the_gateway_to_refuse():
    wanted = command_of(Wishes.of({"msisdn": "call me", "expected_signer": "7"}), BACK, NOW)
    assert (wanted["msisdn"], wanted["expected_signer"]) == ("call me", {"id": "7"})


def test_the_page_offers_exactly_what_the_contract_has_under_its_present_names():
    assert set(INSTRUMENTS) == {*Instrument} - {Instrument.MOBISIGN}
    assert set(LANGUAGES) == {*Language}
