"""Does another program, which knows the schemas alone, take what is good and refuse what is not?"""

import json
import uuid
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from msign_gateway.client.publishing import envelope
from msign_gateway.schemas import MESSAGES, schema
from shared.messaging.commands import SIGN_REQUEST, VERIFICATION_REQUEST, SignRequestData
from shared.messaging.envelope import Event
from shared.messaging.events import (
    ACCEPTED,
    READY,
    SIGN_REJECTED,
    VERIFICATION_REJECTED,
    VERIFIED,
    AcceptedData,
    CertificateData,
    CheckedData,
    CompletedData,
    ErrorData,
    ReadyData,
    RejectedData,
    ResultData,
    SignerData,
    VerdictData,
)
from tests.gateway import sign_data

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDS = {"job_id": str(uuid.uuid4()), "command_id": "17"}
ERRORS = (ErrorData(field="/data/contents", code="missing", message="is required"),)
REF = "sha256:" + 64 * "0"
EVENTS = {
    ACCEPTED: AcceptedData(**IDS, request_id="r", sign_url="https://sign.example/", expires_at=NOW),
    SIGN_REJECTED: RejectedData(**IDS, errors=ERRORS),
    VERIFICATION_REJECTED: RejectedData(**IDS, errors=ERRORS),
    READY: ReadyData(
        **IDS,
        request_id=None,
        status="Success",
        results=(
            ResultData(
                correlation_id="1",
                signature_ref=REF,
                signer=SignerData(subject="CN=Ana", id=None),
                checked=CheckedData(covers_content=True, expected_signer=None),
            ),
        ),
    ),
    VERIFIED: CompletedData(
        **IDS,
        results=(
            VerdictData(
                correlation_id=None,
                valid=False,
                message="no",
                certificates=(CertificateData(subject="CN=Ana", valid=False, signed_at=NOW, certificate="AA=="),),
            ),
        ),
    ),
}


def check(kind, message):
    """The problems that a validator finds, each as the path it found it at."""
    (found,) = (one for one in MESSAGES if one.kind == kind)
    return [
        "/".join(map(str, problem.absolute_path))
        for problem in Draft202012Validator(schema(found)).iter_errors(message)
    ]


def event(kind, data):
    said = Event(
        id="e", source="/services/test", type=kind, subject=IDS["job_id"], time=NOW, sequence=1,
        data=data.model_dump(mode="json"),
    )  # fmt: skip
    return json.loads(said.model_dump_json())


def command(kind, data):
    return json.loads(envelope(kind, "declaratii", data, "17"))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.kind)
def test_every_schema_is_one(message):
    Draft202012Validator.check_schema(schema(message))


@pytest.mark.parametrize("kind", EVENTS)
def test_a_real_event_is_allowed(kind):
    assert check(kind, event(kind, EVENTS[kind])) == []


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_may_gain_a_field(kind):
    assert check(kind, event(kind, EVENTS[kind]) | {"news": 1}) == []


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_without_its_command_is_refused(kind):
    said = event(kind, EVENTS[kind])
    del said["data"]["command_id"]
    assert check(kind, said) == ["data"]


def test_a_real_sign_command_is_allowed_in_both_of_the_clients_forms():
    assert check(SIGN_REQUEST, command(SIGN_REQUEST, sign_data())) == []
    assert check(SIGN_REQUEST, command(SIGN_REQUEST, SignRequestData.model_validate(sign_data()))) == []


def test_a_real_verification_command_is_allowed():
    data = {"content_type": "Pdf", "contents": [{"signature": b"%PDF"}, {"signature_ref": REF}]}
    assert check(VERIFICATION_REQUEST, command(VERIFICATION_REQUEST, data)) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"content_type": "Word"}, "data/content_type"),
        ({"short_description": "a" * 91}, "data/short_description"),
        ({"contents": []}, "data/contents"),
        ({"contents": [{"content": "AA==", "content_ref": REF}]}, "data/contents/0"),
        ({"contents": [{"content": None}]}, "data/contents/0"),
        ({"msisdn": "+37369000000"}, "data/msisdn"),
        ({"unheard_of": 1}, "data"),
    ],
)
def test_a_bad_command_is_refused_at_the_place(changes, place):
    assert check(SIGN_REQUEST, command(SIGN_REQUEST, sign_data(**changes))) == [place]


def test_an_explicit_null_beside_the_reference_is_allowed_as_the_gateway_allows_it():
    data = sign_data(contents=[{"content": None, "content_ref": REF}])
    SignRequestData.model_validate(data)
    assert check(SIGN_REQUEST, command(SIGN_REQUEST, data)) == []


def test_another_messages_type_is_refused():
    assert check(SIGN_REQUEST, command(VERIFICATION_REQUEST, sign_data())) == ["type"]
