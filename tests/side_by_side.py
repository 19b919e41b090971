"""How many tests run at once, and which of them only one after the other? What pytest-xdist asks us.

`make test` runs `pytest -n auto`. Each worker is a process with servers of its own, and takes file after file in the
order of the folders: what takes long comes first, so that no worker is left alone with it at the end.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

TOGETHER = ("tests/containers/",)
"""Folders whose files are one worker's: they share a container engine, and the images that are built in it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers: more than cores, as tests mostly wait for servers, browsers and time to pass."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return what gives the workers their tests."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only who runs tests side by side needs it

    config.option.loadscopereorder = False  # else by the number of tests, which says nothing about time
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = unit_of
    return scheduler


def unit_of(test: str) -> str:
    """Return the name of what one worker runs as a whole: the file of a test, or a folder of files."""
    return next((folder for folder in TOGETHER if test.startswith(folder)), test.partition("::")[0])
