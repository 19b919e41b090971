"""What does a base image consist of that is made in seconds, without a download? Of this machine's own packages.

The servers that this machine has installed, and all that they depend on, as dpkg lists it: a small Debian of the same
version, in which apt knows what is there. Where a server is missing here, the build of its image installs it.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

SERVERS = re.compile(r"rabbitmq-server|postgresql(-\d+)?|haproxy")
TOOLS = ("apt", "ca-certificates", "debian-archive-keyring", "passwd", "perl", "python3")
NEEDED = ("required",)
"""Debian's priority of what every system has."""
CREATED = (
    "etc/alternatives", "etc/apt", "etc/ld.so.cache", "etc/ssl/certs", "usr/local/share/ca-certificates",
    "bin", "sbin", "lib", "lib64", "var/lib/dpkg/alternatives", "var/lib/dpkg/triggers",
)  # fmt: skip
"""What no package lists, because its scripts make it."""
INFO, MASTERS = Path("/var/lib/dpkg/info"), Path("/usr/share/base-passwd")
UNREAD = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")
CONFIGURATION = {
    "etc/dpkg/dpkg.cfg.d/image": "force-unsafe-io\npath-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n",
    "etc/apt/apt.conf.d/image": 'Acquire::Languages "none";\n',
}


def can_be_copied() -> bool:
    """Tell whether this machine is a Debian whose packages can be read."""
    return INFO.is_dir() and MASTERS.is_dir()


def archive(directory: Path) -> Path:
    """Write the root file system as a tar archive into `directory`."""
    whole, made = directory / "base.tar", directory / "made"
    packages = with_dependencies(_roots())
    written = CONFIGURATION | {f"etc/{name}": (MASTERS / f"{name}.master").read_text() for name in ("passwd", "group")}
    written["var/lib/dpkg/status"] = status_of(packages)
    for name, text in written.items():
        _write(made / name, text)
    copied = (files_of(packages) | set(_created())) - {*written}
    _tar("--create", whole, Path("/"), copied)
    _tar("--append", whole, made, written)
    return whole


def _tar(what: str, archive: Path, directory: Path, names: Iterable[str]) -> None:
    command: list[str | Path] = ["tar", what, "--file", archive, "--directory", directory]
    how = ["--no-recursion", "--owner=0", "--group=0", "--null", "--files-from", "-"]
    there = "\0".join(sorted(name for name in names if os.path.lexists(directory / name)))
    subprocess.run([*command, *how], input=there.encode(), check=True, capture_output=True)


def _created() -> Iterable[str]:
    for name in CREATED:
        yield name
        if not Path("/", name).is_symlink():
            yield from (str(path).lstrip("/") for path in Path("/", name).rglob("*"))


def with_dependencies(roots: Iterable[str]) -> frozenset[str]:
    """Return packages with all the installed ones that they need."""
    options = ["--recurse", "--installed", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks"]
    told = _output("apt-cache", "depends", *options, "--no-replaces", "--no-enhances", *roots)
    return frozenset(re.findall(r"^([a-z0-9][a-z0-9+.-]*)", told, re.MULTILINE))


def files_of(packages: Iterable[str]) -> set[str]:
    """Return the paths of the packages' files, below the root, by the directories where they really are."""
    found = set()
    for package in packages:
        for info in (*INFO.glob(f"{package}.*"), *INFO.glob(f"{package}:*")):
            found.add(str(info).lstrip("/"))
            if info.suffix == ".list":
                found |= {_real(path) for path in info.read_text().splitlines() if not path.startswith(UNREAD)}
    return found - {""}


def status_of(packages: frozenset[str]) -> str:
    """Return what dpkg knows about `packages` alone."""
    stanzas = Path("/var/lib/dpkg/status").read_text(encoding="utf-8").split("\n\n")
    return "\n\n".join(one for one in stanzas if one.strip().partition("\n")[0].removeprefix("Package: ") in packages)


def _roots() -> list[str]:
    rows = [row.split("\t") for row in _output("dpkg-query", "--show", "--showformat", _FORMAT).splitlines()]
    return [
        name
        for name, status, priority, essential in rows
        if status == "installed"
        and (priority in NEEDED or essential == "yes" or name in TOOLS or SERVERS.fullmatch(name))
    ]


_FORMAT = "${Package}\t${db:Status-Status}\t${Priority}\t${Essential}\n"


def _real(path: str) -> str:
    """The path where it really is: /bin and its like are links."""
    return str(Path(path).parent.resolve() / Path(path).name).lstrip("/")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text.rstrip()}\n", encoding="utf-8")


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
