"""Where no engine answers and none can be started, the tests say why they are skipped."""

import pytest

from tests.containers import engine
from tests.containers.engine import NoEngine, running_engine


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine is there, and no packages can be installed."""
    monkeypatch.setattr(engine, "docker_answers", lambda: False)
    monkeypatch.setattr("msign_gateway.infrastructure.packages.can_install", lambda: False)


def test_only_root_starts_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(NoEngine, match="only root can start one"), running_engine():
        pass


def test_without_the_daemon_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(NoEngine, match=r"docker\.io"), running_engine():
        pass


def test_a_daemon_that_does_not_start_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/false")
    with pytest.raises(NoEngine, match="dockerd does not start"), running_engine():
        pass
