"""Whoever is measured finds the documents valid, and says so loudly when one is not."""

from base64 import b64decode
from dataclasses import replace

import pytest
from lxml import etree
from pyhanko.pdf_utils import generic

from benchmarks.verify import contenders, cores
from benchmarks.verify.bench import measured
from benchmarks.verify.contenders import WrongVerdict
from benchmarks.verify.materials import make
from benchmarks.verify.signxml_peer import NotValid
from shared.signatures import reading
from shared.signatures.pades import hexadecimal
from shared.signatures.workers import Workers


@pytest.fixture
async def made(tmp_path):
    return await make(tmp_path, (1, 2))


async def test_ours_and_pyhanko_agree_about_documents_with_several_signatures(made):
    assert [pdf.count for pdf in made.pdfs] == [1, 2]
    for pdf in made.pdfs:
        await contenders.ours(made, pdf)()
        await contenders.pyhanko(made, pdf)()
    assert [xml.count for xml in made.xades] == [1, 2]
    for xml in made.xades:
        await contenders.ours(made, xml)()
        await contenders.signxml(made, xml)()


async def test_a_document_with_fewer_signatures_than_there_should_be_stops_the_benchmark(made):
    pdf = replace(made.pdfs[0], count=2)
    xml = replace(made.xades[0], count=2)
    for verify in (
        contenders.ours(made, pdf), contenders.pyhanko(made, pdf), contenders.ours(made, xml),
        contenders.signxml(made, xml),
    ):  # fmt: skip
        with pytest.raises(WrongVerdict):
            await verify()


async def test_a_signature_of_something_else_stops_the_benchmark(made):
    with pytest.raises(WrongVerdict, match="ours"):
        await contenders.ours(made, replace(made.xades[0], digest=bytes(32)))()
    with pytest.raises(NotValid, match="hash"):
        await contenders.signxml(made, replace(made.xades[0], digest=bytes(32)))()


async def test_a_timestamp_over_something_else_stops_the_peer(made):
    one, other = (etree.fromstring(signed.data) for signed in (made.xades[0], made.introduction))
    place, foreign = (next(tree.iter("{*}EncapsulatedTimeStamp")) for tree in (one, other))
    place.text = foreign.text
    with pytest.raises(NotValid, match="timestamp"):
        await contenders.signxml(made, replace(made.xades[0], data=etree.tostring(one)))()


async def test_signers_are_forgotten_and_libraries_come_as_they_are(made):
    await contenders.ours(made, made.xades[0])()
    assert reading._read.cache_info().currsize > 3
    contenders.forget_signers(made)
    der = asn1_certificate(made.xades[0])
    before = reading._read.cache_info().misses
    reading.certificate_of(der)
    assert reading._read.cache_info().misses == before + 1
    with contenders._as_they_come():
        assert generic.read_hex_string_from_stream is hexadecimal.AS_IT_COMES
    assert generic.read_hex_string_from_stream is hexadecimal.read_hex_string


async def test_all_workers_are_kept_busy(made):
    async with Workers(1, seconds=60) as workers:
        found = await cores.measured(workers, made, made.xades[0], 0)
    assert found["signatures_per_s"] > 0
    assert found["cpu_ms_per_signature"] >= 0
    assert found["cores_busy"] >= 0


def asn1_certificate(signed) -> bytes:
    """The signer's certificate of a document."""
    return b64decode(next(etree.fromstring(signed.data).iter("{*}X509Certificate")).text or "")


async def test_what_is_done_before_is_done_each_time_and_not_counted():
    calls = []

    async def verify():
        calls.append("verify")

    await measured(verify, 1, 0, lambda: calls.append("before"))
    assert calls == ["before", "verify"] * 2


async def test_signatures_are_counted_not_documents():
    async def verify():
        return None

    found = await measured(verify, 20, 0)
    assert found["signatures_per_cpu_s"] == pytest.approx(1000 / found["cpu_ms_per_signature"])
    assert found["signatures_per_cpu_s"] >= 20
