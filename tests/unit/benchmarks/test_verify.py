"""Whoever is measured finds the documents valid, and says so loudly when one is not."""

from dataclasses import replace

import pytest

from benchmarks.verify import contenders
from benchmarks.verify.bench import measured
from benchmarks.verify.contenders import WrongVerdict
from benchmarks.verify.materials import make


@pytest.fixture
async def made(tmp_path):
    return await make(tmp_path, (1, 2))


async def test_ours_and_pyhanko_agree_about_documents_with_several_signatures(made):
    assert [pdf.count for pdf in made.pdfs] == [1, 2]
    for pdf in made.pdfs:
        await contenders.ours(made, pdf)()
        await contenders.pyhanko(made, pdf)()
    await contenders.ours(made, made.xades)()


async def test_a_document_with_fewer_signatures_than_there_should_be_stops_the_benchmark(made):
    pdf = replace(made.pdfs[0], count=2)
    for verify in (contenders.ours(made, pdf), contenders.pyhanko(made, pdf)):
        with pytest.raises(WrongVerdict):
            await verify()


async def test_a_signature_of_something_else_stops_the_benchmark(made):
    with pytest.raises(WrongVerdict, match="ours"):
        await contenders.ours(made, replace(made.xades, digest=bytes(32)))()


async def test_signatures_are_counted_not_documents():
    async def verify():
        return None

    found = await measured(verify, 20, 0)
    assert found["signatures_per_cpu_s"] == pytest.approx(1000 / found["cpu_ms_per_signature"])
    assert found["signatures_per_cpu_s"] >= 20
