"""Documents that stand in the command: are they kept as they were sent, and is a bad one told as ever?"""

import base64
import hashlib
import os

import orjson
import pytest

from shared.messaging.intake import Done
from shared.persistence import contents
from shared.persistence.contents import ref_of
from tests.gateway import delivery, events_of, sign_data

SIZES = (contents.SMALL_BYTES, contents.SMALL_BYTES + 1, 300 * 1024 + 1)


def pdfs() -> list[bytes]:
    return [b"%PDF-1.7\n" + os.urandom(size - 9) for size in SIZES]


def signing(*texts: str) -> dict[str, object]:
    return sign_data(content_type="Pdf", contents=[{"content": text} for text in texts])


async def test_documents_of_any_size_are_kept_as_they_were_sent(pool, admission):
    sent = [pdfs(), pdfs()]
    commands = [delivery(signing(*(base64.b64encode(pdf).decode() for pdf in some))) for some in sent]
    assert await admission.handle(commands) == [Done("admitted")] * 2
    for some in sent:
        for pdf in some:
            assert await contents.get(pool, "declaratii", ref_of(pdf)) == pdf
    used = await pool.fetch("SELECT ref FROM job_contents ORDER BY job_id, position")
    assert {row["ref"] for row in used} == {ref_of(pdf) for some in sent for pdf in some}


async def test_a_document_that_came_before_is_known_again_by_its_digest(pool, admission):
    command = delivery(signing(*(base64.b64encode(pdf).decode() for pdf in pdfs())))
    assert await admission.handle([command]) == [Done("admitted")]
    said = orjson.loads(command.body)
    digest = hashlib.sha256(orjson.dumps([said["type"], said["data"]], option=orjson.OPT_SORT_KEYS)).digest()
    assert await pool.fetchval("SELECT digest FROM inbox") == digest
    assert await admission.handle([command]) == [Done("duplicate")]


@pytest.mark.parametrize("wrong", ["!", "MQ==MTIz", "M", "\n", "ș"])
async def test_a_long_text_that_is_no_base64_is_named(pool, admission, wrong):
    text = base64.b64encode(b"%PDF-1.7" + bytes(64 * 1024 - 8)).decode().rstrip("=")
    good = text[: len(text) // 4 * 4]
    await admission.handle([delivery(signing(good, good + wrong))])
    (event,) = await events_of(pool)
    assert [(one["field"], one["code"]) for one in event["data"]["errors"]] == [
        ("/data/contents/1/content", "bad_base64")
    ]
