"""How does a program run with a probe in its event loop, and without knowing of it?

`python -m benchmarks.probed FILE MODULE` runs the module as `python -m` does; FILE is where the stalls are noted.
"""

import asyncio
import runpy
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.stalls import Stalls, look


async def beside(main: Coroutine[Any, Any, Any], stalls: Stalls) -> Any:
    """Run `main` to its end, and the probe beside it."""
    probe = asyncio.create_task(look(stalls))
    try:
        return await main
    finally:
        probe.cancel()


def _with_probe(run: Callable[..., Any], stalls: Stalls) -> Callable[..., Any]:
    def probed(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        return run(beside(main, stalls), **options)

    return probed


def main(file: Path, module: str) -> None:
    """Run a module whose loop is started by `asyncio.run` or `uvloop.run`."""
    stalls = Stalls(file)
    uvloop.run = _with_probe(uvloop.run, stalls)
    asyncio.run = _with_probe(asyncio.run, stalls)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
