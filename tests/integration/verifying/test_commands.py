"""From a verification command to a job, or to a rejection that names every problem."""

import pytest

from shared.messaging.intake import Done
from shared.persistence import contents
from tests.gateway import delivery, events_of, only_job
from tests.integration.verifying.verification import INLINE_BYTES, XADES, command, item, only_event


async def test_a_good_command_becomes_a_job(pool, verifications):
    assert await verifications.handle([command()]) == [Done("admitted")]
    job = await only_job(pool)
    assert (job["state"], job["kind"]) == ("received", "verification")
    assert await events_of(pool) == []


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        (command(content_type="Xml"), "/data/content_type", "not_allowed"),
        (command(language="fr"), "/data/language", "not_allowed"),
        (command(colour="red"), "/data/colour", "unknown_field"),
        (command(contents=[]), "/data/contents", "too_short"),
        (command(contents="x"), "/data/contents", "wrong_type"),
        (command(item(None)), "/data/contents/0", "one_of"),
        (command(item(signature_ref="sha256:" + "0" * 64)), "/data/contents/0", "one_of"),
        (command(item(signature=b"?") | {"signature": "??"}), "/data/contents/0/signature", "bad_base64"),
        (command(item() | {"content": 7}), "/data/contents/0/content", "wrong_type"),
        (command(item(b"")), "/data/contents/0/signature", "missing"),
        (command(item(content=None)), "/data/contents/0/content", "missing"),
        (command(item(None, signature_ref="sha256:0")), "/data/contents/0/signature_ref", "bad_format"),
        (
            command(item(None, signature_ref="sha256:" + "0" * 64)),
            "/data/contents/0/signature_ref",
            "content_not_found",
        ),
        (command(item(correlation_id="x" * 37)), "/data/contents/0/correlation_id", "too_long"),
        (command(item(correlation_id="a\x00b")), "/data/contents/0/correlation_id", "bad_format"),
        (command(item(correlation_id="a\x01b")), "/data/contents/0/correlation_id", "bad_format"),
        (command(*[item(correlation_id="1")] * 2), "/data/contents/1/correlation_id", "not_unique"),
        (command(item(b"x" * (INLINE_BYTES + 1))), "/data/contents", "too_large"),
        (command(*[item(b"x")] * 1001), "/data/contents", "too_many"),
    ],
)
async def test_every_problem_of_a_command_has_its_place_and_code(pool, verifications, sent, field, code):
    assert await verifications.handle([sent]) == [Done("rejected")]
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert (field, code) in {(error["field"], error["code"]) for error in data["errors"]}
    assert (await only_job(pool))["state"] == "rejected"


async def test_a_sign_command_on_this_queue_is_rejected(pool, verifications):
    sent = delivery({}, id="command-1", type="msign.sign.request.v1")
    await verifications.handle([sent])
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [(error["field"], error["code"]) for error in data["errors"]] == [("/type", "not_allowed")]


async def test_another_systems_stored_signature_cannot_be_referred_to(pool, verifications):
    ref = await contents.put(pool, "registru", XADES)
    await verifications.handle([command(item(None, signature_ref=ref))])
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert data["errors"][0]["code"] == "content_not_found"
