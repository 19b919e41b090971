"""The demo as a person starts it: a process that must end well, and end everything with it, however it is ended."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.people import read_people
from tests.gateway import eventually

COMMAND = Path(sys.executable).parent / "msign-gateway"
READY = "for outside tools"
WITHIN_S = 300.0


@dataclass(frozen=True)
class Running:
    """A demo that is ready."""

    process: asyncio.subprocess.Process
    folder: Path
    family: frozenset[tuple[int, str]]
    """Every process that it started, by id and start time."""

    @property
    def endpoints(self) -> dict[str, str]:
        lines = (self.folder / ".demo" / "endpoints.env").read_text(encoding="utf-8").splitlines()
        return {name: shlex.split(value)[0] for name, _, value in (line.partition("=") for line in lines)}

    def left(self) -> set[tuple[int, str]]:
        """Those of them that still run."""
        return {(pid, started) for pid, started in self.family if started == start_time(pid)}


def start_time(pid: int) -> str | None:
    """When a process started, in clock ticks; None when there is no such one, or nothing but its exit status."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def family_of(pid: int) -> frozenset[tuple[int, str]]:
    """The process and all its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset((one, started) for one in found if (started := start_time(one)) is not None)


def environment(servers: dict[str, str] | None = None) -> dict[str, str]:
    """Ours, with `servers` for the demo to use; without them it has to start its own."""
    ours = {name: value for name, value in os.environ.items() if name not in {"AMQP_URL", "DATABASE_URL"}}
    return ours | (servers or {})


@asynccontextmanager
async def interactive(folder: Path, *command: str, servers: dict[str, str] | None = None) -> AsyncIterator[Running]:
    """An interactive demo without a terminal and with a closed standard input, as a background shell starts it."""
    process = await asyncio.create_subprocess_exec(
        *(command or (str(COMMAND), "demo", "--interactive")),
        cwd=folder,
        env=environment(servers),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
        preexec_fn=ignoring_interrupts,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            while READY not in (line := (await process.stdout.readline()).decode()):
                assert line, "the demo ended early"
        yield Running(process, folder, family_of(process.pid))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def ignoring_interrupts() -> None:
    os.close(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


async def nothing_left(demo: Running) -> bool:
    return not demo.left()


async def test_the_demo_succeeds_and_leaves_signed_files_and_events(tmp_path: Path):
    process = await asyncio.create_subprocess_exec(
        COMMAND, "demo", "--with-prometheus", cwd=tmp_path, env=environment(), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(WITHIN_S):
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    (made,) = (tmp_path / "demo-output").iterdir()
    assert str(made) in output
    assert not (tmp_path / ".demo" / "endpoints.env").exists()
    assert {path.name for path in made.glob("*.xml")} == {f"record-{number}.xades.xml" for number in (1, 2, 3)}
    events = [path.stem.partition("-")[2] for path in sorted((made / "events").iterdir())]
    for instrument in {person.instrument for person in read_people(tmp_path / ".demo" / "pki" / "people.json")}:
        assert f"with {instrument}" in output or instrument in {"moldsign", "securesign"}
    assert events.count("sign_response.ready") == 3 + output.count("✓ 1–10")
    assert "6 targets up: callback_web, msign, rabbitmq, rabbitmq-detailed, sign_gateway, verifier" in output
    assert "firing alerts: 0" in output
    assert "finished jobs: " in output
    assert await said_by("pdfsig", "-nocert", made / "report.signed.pdf", mentions="Signature is Valid")
    await said_by(
        "xmlsec1", "--verify", "--insecure", "--id-attr:Id", "Signature", made / "record-1.xades.xml", mentions="OK"
    )
    advice = output.partition("to check one: ")[2].partition("\n")[0]
    await said_by(*shlex.split(advice), "--json", mentions="true")


async def said_by(*command: object, mentions: str) -> str:
    """What a program printed; it must have ended well and said `mentions`."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert mentions in output
    return output


@pytest.mark.parametrize(
    ("signum", "own_servers"), [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGHUP, False)]
)
async def test_an_interactive_demo_ends_on_a_signal_with_all_that_it_started(
    tmp_path: Path, signum: signal.Signals, own_servers: bool, given_servers: dict[str, str]
):
    async with interactive(tmp_path, servers=None if own_servers else given_servers) as demo:
        assert len(demo.family) > (8 if own_servers else 4)
        demo.process.send_signal(signum)
        demo.process.send_signal(signum)
        await demo.process.communicate()
        assert demo.process.returncode == 0
        await eventually(lambda: nothing_left(demo), within_s=5)  # whoever was killed is gone a moment later
    assert not (tmp_path / ".demo" / "endpoints.env").exists()


async def test_nothing_outlives_a_demo_that_is_killed_and_the_next_one_removes_its_stale_file(
    tmp_path: Path, given_servers: dict[str, str]
):
    async with interactive(tmp_path) as demo:
        stale = demo.endpoints
        demo.process.kill()
        await demo.process.communicate()
        await eventually(lambda: nothing_left(demo), within_s=60)
    async with interactive(tmp_path, servers=given_servers) as demo:
        assert demo.endpoints["MSIGN_PID"] != stale["MSIGN_PID"]
        demo.process.terminate()
        await demo.process.communicate()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
async def test_the_end_of_make_alone_ends_the_demo(
    tmp_path: Path, signum: signal.Signals, given_servers: dict[str, str]
):
    (tmp_path / "Makefile").write_text(f"demo:\n\t@exec {COMMAND} demo --interactive\n", encoding="utf-8")
    run_make = "import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp('make', ['make', 'demo'])"
    async with interactive(tmp_path, sys.executable, "-c", run_make, servers=given_servers) as demo:
        demo.process.send_signal(signum)
        await eventually(lambda: nothing_left(demo), within_s=60)


async def test_outside_tools_find_everything_and_a_killed_service_comes_back(
    tmp_path: Path, given_servers: dict[str, str]
):
    async with interactive(tmp_path, servers=given_servers) as demo, aiohttp.ClientSession() as session:
        told = demo.endpoints
        assert (tmp_path / ".demo" / "endpoints.env").stat().st_mode & 0o777 == 0o600
        assert told["MSIGN_API_URL"].endswith("/MSign.svc")
        for name in (name for name in told if name.endswith(("_CERT", "_KEY", "_BUNDLE", "_DIR"))):
            assert Path(told[name]).is_absolute()
            assert Path(told[name]).exists()
        await signed_by_a_person(told)
        os.kill(int(told["CALLBACK_WEB_PID"]), signal.SIGKILL)
        await eventually(lambda: changed(demo, told, "CALLBACK_WEB_PID"))
        await eventually(lambda: ready(session, told["CALLBACK_WEB_OPS_URL"]))
        await signed_by_a_person(demo.endpoints)
        async with session.get(f"{told['SIGN_GATEWAY_OPS_URL']}/status.json?window=hour") as response:
            signing, _ = (await response.json())["state"]["sections"]
        assert signing["by_system"]["declaratii"]["ended"]["completed"] == 2
        assert signing["funnel"]["returned"] == 2
        demo.process.terminate()
        await demo.process.communicate()


async def signed_by_a_person(told: dict[str, str]) -> None:
    """Click Sign at the sample e-Service and go the whole way, a PDF at last in hand."""
    person = read_people(Path(told["PEOPLE_FILE"]))[0]
    async with Browser() as browser:
        page = await browser.open(told["E_SERVICE_URL"])
        page = await browser.submit(page, page.form("sign"), {"what": "pdf"})
        page = await user.sign_from(browser, page, person)
        assert "Success" in page.text
        (link,) = page.document.xpath("//a[starts-with(@href, '/files/')]/@href")
    async with aiohttp.ClientSession() as session, session.get(told["E_SERVICE_URL"] + link) as response:
        assert (await response.read()).startswith(b"%PDF-")


async def changed(demo: Running, told: dict[str, str], name: str) -> bool:
    return demo.endpoints[name] != told[name]


async def ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
