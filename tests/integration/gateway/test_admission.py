"""What becomes of commands: jobs, rejections, repetitions, dead letters."""

import base64
from dataclasses import replace

import pytest

from shared.messaging.intake import Delivery, Done, Unusable
from tests.gateway import delivery, events_of, only_job, sign_data


async def test_a_good_command_becomes_a_job_without_an_event(pool, admission):
    assert await admission.handle([delivery(sign_data())]) == [Done("admitted")]
    job = await only_job(pool)
    assert (job["state"], job["system"], job["kind"]) == ("received", "declaratii", "sign")
    assert "contents" not in job["command"]
    assert await events_of(pool) == []


async def test_a_bad_command_ends_as_rejected_with_every_problem_named(pool, admission):
    data = sign_data(short_description="x" * 91, return_url="https://evil.example/", colour="red")
    await admission.handle([delivery(data)])
    (event,) = await events_of(pool)
    assert event["type"] == "msign.sign_request.rejected.v1"
    found = {(error["field"], error["code"]) for error in event["data"]["errors"]}
    assert found == {("/data/short_description", "too_long"), ("/data/colour", "unknown_field")}
    assert (await only_job(pool))["state"] == "rejected"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"return_url": "https://evil.example/"}, "/data/return_url", "origin_not_registered"),
        ({"return_url": "https://declaratii.example@evil.example/"}, "/data/return_url", "origin_not_registered"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "/data/deadline", "deadline_passed"),
        ({"deadline": "2090-01-01T00:00:00"}, "/data/deadline", "bad_format"),
        ({"deadline": "9999-12-31T23:59:59Z"}, "/data/deadline", "bad_format"),
        ({"deadline": "9999-12-31T23:59:59-14:00"}, "/data/deadline", "bad_format"),
        ({"contents": [{"content": "AAAA"}]}, "/data/contents/0/content", "bad_digest"),
        ({"contents": [{"content": "??"}]}, "/data/contents/0/content", "bad_base64"),
        ({"contents": [{}]}, "/data/contents/0", "one_of"),
        (
            {"contents": [{"content": "AAAA", "correlation_id": "msign-gateway-1"}]},
            "/data/contents/0/correlation_id",
            "not_allowed",
        ),
        ({"contents": [{"content_ref": "sha256:" + "0" * 64}]}, "/data/contents/0/content_ref", "content_not_found"),
        ({"content_type": "Pdf"}, "/data/contents/0/content", "bad_pdf"),
        ({"expected_signer": {"id": "123"}}, "/data/expected_signer/id", "bad_idnp"),
        ({"instrument": "mobile", "expected_signer": {"id": "2000000000007"}}, "/data/msisdn", "missing"),
        ({"msisdn": "call me"}, "/data/msisdn", "bad_format"),
        ({"short_description": None}, "/data/short_description", "wrong_type"),
    ],
)
async def test_what_is_wrong_is_named_by_field_and_code(pool, admission, changes, field, code):
    await admission.handle([delivery(sign_data(**changes))])
    (event,) = await events_of(pool)
    assert [(error["field"], error["code"]) for error in event["data"]["errors"]] == [(field, code)]


async def test_two_contents_with_one_correlation_id_are_rejected(pool, admission):
    (content,) = sign_data()["contents"]
    await admission.handle([delivery(sign_data(contents=[content, content]))])
    (event,) = await events_of(pool)
    assert event["data"]["errors"][0]["field"] == "/data/contents/1/correlation_id"


async def test_more_inline_bytes_than_a_message_may_have_are_rejected(pool, admission):
    pdf = base64.b64encode(b"%PDF-1.7" + b" " * 4 * 1024 * 1024).decode()
    await admission.handle([delivery(sign_data(content_type="Pdf", contents=[{"content": pdf}]))])
    (event,) = await events_of(pool)
    assert ("/data/contents", "too_large") in [(e["field"], e["code"]) for e in event["data"]["errors"]]


async def test_the_same_command_again_changes_nothing_and_sends_its_latest_event_again(pool, admission):
    command = delivery(sign_data(msisdn="no"))
    await admission.handle([command])
    await pool.execute("UPDATE events SET due_at = NULL, published_at = now()")
    assert await admission.handle([command]) == [Done("duplicate")]
    (row,) = await pool.fetch("SELECT due_at FROM events")
    assert row["due_at"] is not None
    await only_job(pool)


async def test_the_same_command_twice_in_one_batch_is_one_job(pool, admission):
    command = delivery(sign_data())
    assert await admission.handle([command, command]) == [Done("admitted"), Done("duplicate")]
    await only_job(pool)


async def test_the_same_id_with_other_data_is_dead(pool, admission):
    await admission.handle([delivery(sign_data(), id="7")])
    (verdict,) = await admission.handle([delivery(sign_data(relay_state="other"), id="7")])
    assert isinstance(verdict, Unusable)
    assert verdict.reason == "id_reused"


async def test_two_systems_may_use_the_same_id(pool, admission):
    other = sign_data(return_url="https://registru.example/")
    await admission.handle([delivery(sign_data(), id="7"), delivery(other, id="7", system="registru")])
    assert await pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'received'") == 2


async def test_one_systems_stored_content_is_not_found_by_another(pool, admission):
    ref = "sha256:" + "1" * 64
    await pool.execute("INSERT INTO contents (system, ref, body) VALUES ('registru', $1, $2)", ref, b"x" * 32)
    await admission.handle([delivery(sign_data(contents=[{"content_ref": ref}]))])
    (event,) = await events_of(pool)
    assert event["data"]["errors"][0]["code"] == "content_not_found"


@pytest.mark.parametrize(
    ("user", "key", "source", "reason"),
    [
        (None, "sign.request.declaratii", "/systems/declaratii", "no_user_id"),
        ("registru", "sign.request.declaratii", "/systems/declaratii", "impersonation"),
        ("declaratii", "sign.request.declaratii", "/systems/registru", "impersonation"),
        ("nobody", "sign.request.nobody", "/systems/nobody", "unknown_system"),
    ],
)
async def test_a_command_whose_sender_is_in_doubt_is_dead(pool, admission, user, key, source, reason):
    said = delivery(sign_data(), source=source)
    (verdict,) = await admission.handle([Delivery(said.body, key, user, None)])
    assert isinstance(verdict, Unusable)
    assert verdict.reason == reason
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"id": 5}', b'{"id": ""}', b"[" * 10_000])
async def test_a_body_that_is_no_event_is_dead(admission, body):
    (verdict,) = await admission.handle([Delivery(body, "sign.request.declaratii", "declaratii", None)])
    assert isinstance(verdict, Unusable)
    assert verdict.reason == "malformed"


async def test_an_envelope_of_a_time_that_the_calendar_does_not_have_is_rejected(pool, admission):
    await admission.handle([delivery(sign_data(), time="9999-12-31T23:59:59-14:00")])
    (event,) = await events_of(pool)
    assert event["data"]["errors"][0]["field"] == "/time"


async def test_an_envelope_with_another_type_is_rejected_by_name(pool, admission):
    await admission.handle([delivery(sign_data(), type="msign.sign.request.v2")])
    (event,) = await events_of(pool)
    assert event["data"]["errors"][0]["field"] == "/type"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"short_description": "a\x00b"}, "/data/short_description"),
        ({"description": "a\x01b"}, "/data/description"),
        ({"signature_reason": "a\uffffb"}, "/data/signature_reason"),
        ({"relay_state": "a\x00b"}, "/data/relay_state"),
        ({"return_url": "https://declaratii.example/\x00"}, "/data/return_url"),
        ({"return_url": "https://declaratii.example/\r\nX: y"}, "/data/return_url"),
    ],
)
async def test_characters_that_cannot_be_passed_on_are_rejected_at_once(pool, admission, changes, field):
    assert await admission.handle([delivery(sign_data(**changes))]) == [Done("rejected")]
    (event,) = await events_of(pool)
    assert [(error["field"], error["code"]) for error in event["data"]["errors"]] == [(field, "bad_format")]


async def test_line_breaks_and_emoji_in_a_description_are_fine(admission):
    changes = {"description": "prima\r\na doua\t🖋", "relay_state": "\x01"}
    assert await admission.handle([delivery(sign_data(**changes))]) == [Done("admitted")]


async def test_what_is_nested_too_deep_to_be_known_again_is_dead(pool, admission):
    said = delivery(sign_data(description="HERE"))
    body = said.body.replace(b'"HERE"', b"[" * 300 + b"]" * 300)
    (verdict,) = await admission.handle([replace(said, body=body)])
    assert isinstance(verdict, Unusable)
    assert verdict.reason == "malformed"
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_an_id_that_cannot_be_kept_goes_to_the_dead_queue(pool, admission):
    (verdict,) = await admission.handle([delivery(sign_data(), id="a\x00b")])
    assert isinstance(verdict, Unusable)
    assert verdict.reason == "malformed"
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0
