"""Are the batch's signatures trusted when key, chain and timestamps come from one live infrastructure?"""

from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from services.msign.instruments.instrument import OpenKey
from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from services.msign.pki.create import create
from services.msign.pki.people import PEOPLE, Person
from services.msign.signing.batch import sign_batch
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from shared.signatures.keys import MemoryKey
from shared.signatures.timestamps import HttpTimestamper
from shared.signatures.trust import TrustAnchors
from tests.documents import pdf_file
from tests.provider import KeptBatch, summary_of
from tests.verifying import verify_hash_signature, verify_pdf

GOOD = [person for person in PEOPLE if not person.flaw]
pytestmark = pytest.mark.parametrize("person", GOOD, ids=lambda person: person.label)


@pytest.fixture(scope="module")
def pki_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    return directory


@pytest.fixture
async def timestamper(pki_dir):
    app = create_pki_app(Architecture.watched(pki_dir).current)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield HttpTimestamper(str(server.make_url("/pki/tsa/tsa")), session, timeout_s=60)


def key_of(pki_dir: Path, person: Person) -> MemoryKey:
    return MemoryKey.from_pkcs12((pki_dir / person.token_file).read_bytes(), person.pin)


async def test_hashes_are_signed_in_order_and_trusted(pki_dir, timestamper, person):
    hashes = [bytes([n]) * size for n, size in enumerate((20, 32, 64))]
    contents = tuple(SignContent(content=one, correlation_id=str(n)) for n, one in enumerate(hashes))
    request = SignRequest(content_type=ContentType.HASH, short_content_description="x", contents=contents)
    kept = KeptBatch(request.contents)
    outcome = await sign_batch(summary_of(request), OpenKey(key_of(pki_dir, person)), timestamper, kept)
    assert outcome.status is SignStatus.SUCCESS
    anchors = TrustAnchors.from_directory(pki_dir / "trust")
    for content, result in zip(hashes, kept.signed.values(), strict=True):
        assert result.signature
        report = await verify_hash_signature(result.signature, content, anchors)
        assert report.valid, report


async def test_a_pdf_is_signed_and_trusted(pki_dir, timestamper, person):
    request = SignRequest(
        content_type=ContentType.PDF,
        short_content_description="x",
        signature_reason="Aprobat",
        contents=(SignContent(content=pdf_file("Pagina 1", "Pagina 2")),),
    )
    kept = KeptBatch(request.contents)
    outcome = await sign_batch(summary_of(request), OpenKey(key_of(pki_dir, person)), timestamper, kept)
    assert outcome.status is SignStatus.SUCCESS
    signature = kept.signed[0].signature
    assert signature
    report = await verify_pdf(signature, TrustAnchors.from_directory(pki_dir / "trust"))
    assert report.valid, report
