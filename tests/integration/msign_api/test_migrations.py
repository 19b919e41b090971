"""What becomes of requests that an earlier version of the provider stored?"""

import hashlib
import shutil

from services.msign.requests import MIGRATIONS, RequestStore
from services.msign.summary import DocumentSummary
from shared.persistence.migrate import migrate
from shared.persistence.pool import open_pool

OLD_REQUEST = """
INSERT INTO sign_requests (request_id, consumer_id, content_type, short_content_description, expires_at)
VALUES ($1, $2, $3, 'x', now() + interval '1 day')
"""
OLD_CONTENT = """
INSERT INTO sign_contents (request_id, position, content, multiple_signatures) VALUES ($1, 0, $2, false)
"""


async def test_requests_from_before_the_summary_have_their_digests(empty_database_url, tmp_path):
    for file in sorted(MIGRATIONS.glob("00[123]_*.sql")):
        shutil.copy(file, tmp_path)
    await migrate(empty_database_url, tmp_path)
    async with open_pool(empty_database_url) as pool:
        consumer = await pool.fetchval("INSERT INTO consumers (name) VALUES ('declaratii') RETURNING id")
        for request_id, kind, content in (("a" * 32, "Pdf", b"%PDF-"), ("b" * 32, "Hash", b"1" * 48)):
            await pool.execute(OLD_REQUEST, request_id, consumer, kind)
            await pool.execute(OLD_CONTENT, request_id, content)
    assert "004_summary" in await migrate(empty_database_url, MIGRATIONS)
    async with open_pool(empty_database_url) as pool:
        requests = RequestStore(pool)
        pdf, digest = [one for name in "ab" for one in await documents_of(requests, name * 32)]
    assert (pdf.size, pdf.digest) == (5, hashlib.sha256(b"%PDF-").digest())
    assert (digest.size, digest.digest, digest.algorithm) == (48, b"1" * 48, "SHA-384")


async def documents_of(requests: RequestStore, request_id: str) -> tuple[DocumentSummary, ...]:
    summary = await requests.summary(request_id)
    return summary.documents if summary else ()
