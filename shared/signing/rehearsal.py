"""What is done for the first time before the first signature comes back, so that nobody waits for it?

A made-up answer with a made-up file is received, put away and judged by each thread: then they run, and hold what such
work needs; modules are imported, tables are made, patterns compiled.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog
from pybase64 import b64encode

from shared.contract.answers import read_answer, read_sign_response
from shared.contract.arriving import Arriving
from shared.contract.models import ContentType, SignResponse
from shared.contract.wsdl import ENVELOPE, NAMESPACE
from shared.errors import Transient
from shared.signatures.binding import SentFile
from shared.signing.results import Sent, judge

THREADS = 2
"""One computes, while another waits for the disk: more would compute by turns, and each holds memory of its own."""

_ANSWER = (
    f'<Envelope xmlns="{ENVELOPE}"><Body><GetSignResponseResponse xmlns="{NAMESPACE}"><GetSignResponseResult>'
    "<Results><SignResult><CorrelationID>1</CorrelationID><Signature>%s</Signature></SignResult></Results>"
    "<Status>Success</Status></GetSignResponseResult></GetSignResponseResponse></Body></Envelope>"
)
_SPOOLED_BYTES = 512 * 1024
_STEP_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


async def rehearse() -> None:
    """Let the running loop work with `THREADS` threads, each of which has done once what it will do.

    A disk without room for that is no reason not to start.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="worker"))
    sent = _file()
    answer = (_ANSWER % b64encode(_continued(sent)).decode()).encode()
    try:
        await asyncio.gather(*(_collected(sent, answer) for _ in range(THREADS)))
    except (Transient, OSError) as error:  # small signatures need no disk, and it may have room later
        log.warning("rehearsal_failed", error=type(error).__name__)


async def _collected(sent: bytes, answer: bytes) -> None:
    arriving = Arriving("utf-8")
    for start in range(0, len(answer), _STEP_BYTES):
        await arriving.feed(answer[start : start + _STEP_BYTES])
    arrived = await arriving.end()
    arriving.let_go()
    response: SignResponse = read_answer("GetSignResponse", arrived.root, arrived.spools, read_sign_response)
    asked = [Sent(msign_id="1", correlation_id=None, content=SentFile.of(sent))]
    await asyncio.to_thread(judge, response, content_type=ContentType.PDF, sent=asked, expected_id=None)


def _file() -> bytes:
    """A PDF file of one page without content, and of so many bytes that it is not kept in memory."""
    return _updated(
        b"%PDF-1.7\n" + b"%" + b" " * _SPOOLED_BYTES + b"\n",
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        },
    )


def _continued(pdf: bytes) -> bytes:
    """The same file with an empty form added."""
    previous = b"/Prev %d" % (pdf.rindex(b"\nxref\n") + 1)
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] >> >>"
    return _updated(pdf, {1: catalog}, previous)


def _updated(pdf: bytes, objects: dict[int, bytes], more: bytes = b"") -> bytes:
    lines = b""
    for number, body in objects.items():
        lines += b"%d 1\n%010d 00000 n \n" % (number, len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n" + lines + b"trailer\n<< /Size 4 /Root 1 0 R %s >>\n" % more
    return pdf + table + b"startxref\n%d\n%%%%EOF\n" % len(pdf)
