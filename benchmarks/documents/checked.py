"""The same program, which looks at what comes back as pyHanko offers it: `python -m benchmarks.documents.checked`.

Is the signature unbroken, and does it cover the whole file? Trust is not asked for (nobody is trusted), nor whether it
is the document that was sent. It is done in a thread, so that nobody else has to wait for it.
"""

import asyncio
import io
import logging

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from benchmarks.documents.natural import run


def covers(signed: bytes) -> bool:
    """Return whether the last signature of a PDF file is unbroken and covers all of it."""
    (*_, last) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    status = validate_pdf_signature(last, ValidationContext(trust_roots=[], allow_fetching=False))
    return bool(status.intact and status.valid and status.coverage is SignatureCoverageLevel.ENTIRE_FILE)


if __name__ == "__main__":
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # it would tell of each path that nobody is trusted
    asyncio.run(run(covers))
