"""Files of one folder that need the same engine are one worker's, all others are anyone's."""

import pytest

from tests.side_by_side import pytest_xdist_auto_num_workers, unit_of


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/unit/test_spool.py::test_one[a::b]", "tests/unit/test_spool.py"),
        ("tests/browser/test_keyboard.py::test_verifying", "tests/browser/test_keyboard.py"),
        ("tests/containers/test_compose.py::test_a", "tests/containers/"),
        ("tests/containers/test_files.py::test_b", "tests/containers/"),
    ],
)
def test_a_worker_takes_a_file_or_what_belongs_together(test, unit):
    assert unit_of(test) == unit


def test_there_are_always_workers_to_wait_while_another_works():
    assert pytest_xdist_auto_num_workers() >= 2
