"""Files that are replaced under a running process."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from shared.watched import Watched


def number_in(path: Path) -> Callable[[], int]:
    return lambda: int(path.read_text())


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path):
    path = tmp_path / "number"
    path.write_text("1")
    readings = []

    def read() -> int:
        readings.append(path)
        return int(path.read_text())

    watched = Watched((path,), read)
    assert [watched.current(), watched.current()] == [1, 1]
    assert len(readings) == 1
    path.write_text("22")
    assert [watched.current(), watched.current()] == [22, 22]
    assert len(readings) == 2


def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_read_again(tmp_path):
    path, other = tmp_path / "number", tmp_path / "new"
    for file, text in ((path, "1"), (other, "2")):
        file.write_text(text)
        os.utime(file, (1, 1))
    watched = Watched((path,), number_in(path))
    other.replace(path)
    assert watched.current() == 2


def test_a_link_that_leads_elsewhere_is_followed_as_mounted_secrets_are(tmp_path):
    for name, text in (("before", "1"), ("after", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "number").write_text(text)
    link = tmp_path / "data"
    link.symlink_to("before")
    watched = Watched((link / "number",), number_in(link / "number"))
    (tmp_path / "next").symlink_to("after")
    (tmp_path / "next").replace(link)
    assert watched.current() == 2


def test_what_cannot_be_read_is_refused_once_in_the_log_and_the_old_stays_until_it_is_whole(tmp_path):
    path = tmp_path / "number"
    path.write_text("1")
    watched = Watched((path,), number_in(path))
    path.write_text("half-written")
    with structlog.testing.capture_logs() as logs:
        assert [watched.current(), watched.current()] == [1, 1]
    assert [entry["event"] for entry in logs] == ["changed_files_refused"]
    assert "half-written" not in str(logs)
    path.unlink()
    assert watched.current() == 1
    path.write_text("333")
    assert watched.current() == 333


def test_the_first_reading_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        Watched((tmp_path / "nothing",), number_in(tmp_path / "nothing"))
