"""Can what was posted be signed at all?"""

from shared.contract.limits import Problem
from shared.contract.models import ContentType, SignRequest
from shared.signatures.pades.signable import why_not_signable
from shared.signatures.verify import Run
from shared.signatures.workers import TooCostly


async def document_problems(request: SignRequest, run: Run) -> tuple[Problem, ...]:
    """Return why PDF contents cannot be signed, by content; hashes can always be.

    The files are read by `run`, one after the other; one that is too costly to read is a problem too.
    """
    if request.content_type is not ContentType.PDF:
        return ()
    problems = [
        Problem(("Contents", position, "Content"), "bad_pdf", why)
        for position, content in enumerate(request.contents)
        if (why := await _why_not(content.content, run)) is not None
    ]
    return tuple(problems)


async def _why_not(pdf: bytes, run: Run) -> str | None:
    try:
        return await run(why_not_signable, pdf)
    except TooCostly:
        return "the PDF file is too complex to be read"
