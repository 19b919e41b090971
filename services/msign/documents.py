"""Can what was posted be signed at all?"""

import asyncio

from shared.contract.limits import Problem
from shared.contract.models import ContentType, SignRequest
from shared.signatures.pades.signable import why_not_signable

JUDGE_WITHIN_S = 10


async def document_problems(request: SignRequest) -> tuple[Problem, ...]:
    """Return why PDF contents cannot be signed, by content; hashes can always be.

    The files are read in a thread; one whose reading does not end soon is a problem too.
    """
    if request.content_type is not ContentType.PDF:
        return ()
    problems = [
        Problem(("Contents", position, "Content"), "bad_pdf", why)
        for position, content in enumerate(request.contents)
        if (why := await _why_not(content.content)) is not None
    ]
    return tuple(problems)


async def _why_not(pdf: bytes) -> str | None:
    try:
        async with asyncio.timeout(JUDGE_WITHIN_S):
            return await asyncio.to_thread(why_not_signable, pdf)
    except TimeoutError:
        return "the PDF file is too complex to be read"
