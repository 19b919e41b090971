"""Which documents are signed here? PDFs of random bytes of given sizes, each signed once before anything is measured.

Each is a document of its own, since contents are stored under their digest: the same one would be stored once only.
They lie in files, and so do MSign's answers with the signed ones.
"""

import base64
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from benchmarks.signing.stub import CORRELATION_ID, ENVELOPE, SUCCESS
from shared.signatures.pades.sign import sign_pdf
from tests.pki import TestPki, now_utc

A4 = (0, 0, 595, 842)
PIECE_BYTES = 768 * 1024  # a multiple of 3: pieces of base64 can be joined
PLACE = "@signature@"


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF to sign; `number` is its place in the list of answers, `size` its bytes."""

    number: int
    path: Path
    size: int


async def make(folder: Path, sizes: Sequence[int]) -> list[Document]:
    """Make and sign a document of each of the sizes, and list the answers in `folder`/answers.json."""
    pki = TestPki.make()
    certificate = base64.b64encode(pki.signer.certificate.public_bytes(Encoding.DER)).decode()
    documents, answers = [], []
    for number, size in enumerate(sizes):
        pdf = pdf_of(size)
        signed = await sign_pdf(pdf, pki.signer, pki.timestamper, reason="declaration", signed_at=now_utc())
        path, answer = folder / f"document-{number}.pdf", folder / f"answer-{number}.xml"
        path.write_bytes(pdf)
        _write_answer(answer, signed, certificate)
        documents.append(Document(number, path, len(pdf)))
        answers.append(str(answer))
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    return documents


def pdf_of(size: int) -> bytes:
    """Return a PDF of one page with so many random bytes in it, and a few hundred more."""
    file = PdfFileWriter(stream_xrefs=True)  # type: ignore[no-untyped-call]
    drawing = file.add_object(generic.StreamObject(stream_data=os.urandom(size)))
    box = generic.ArrayObject([generic.NumberObject(one) for one in A4])  # type: ignore[no-untyped-call]
    file.insert_page(PageObject(contents=drawing, media_box=box))  # type: ignore[no-untyped-call]
    output = io.BytesIO()
    file.write(output)  # type: ignore[no-untyped-call]
    return output.getvalue()


def _write_answer(path: Path, signed: bytes, certificate: str) -> None:
    result = SUCCESS.format(certificate=certificate, correlation_id=escape(CORRELATION_ID), signature=PLACE)
    before, _, after = ENVELOPE.format(name="GetSignResponse", result=result).partition(PLACE)
    with path.open("wb") as file:
        file.write(before.encode())
        for start in range(0, len(signed), PIECE_BYTES):
            file.write(base64.b64encode(signed[start : start + PIECE_BYTES]))
        file.write(after.encode())
