"""Can SYSTEMS_FILE be read, does it say what is safe, and are the keys of LINK_SECRET hard to guess?"""

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from msign_gateway.doctor.findings import LOCAL, Finding, counted, failed, ok, read_settings, warning
from msign_gateway.infrastructure.definitions import check_systems
from shared.connections import ReadableFile
from shared.errors import Malformed
from shared.keys import Keys, parse_keys
from shared.settings import Settings
from shared.systems import Registry, System

FEWEST_DIFFERENT = 12


class SystemsSettings(Settings):
    """Where the registry of systems is."""

    systems_file: ReadableFile


class LinkSettings(Settings):
    """What signs the links to callback_web."""

    link_secret: Keys


async def examine() -> list[Finding]:
    """Look at both."""
    registry, links = read_settings(SystemsSettings), read_settings(LinkSettings)
    findings = registry if isinstance(registry, list) else systems(registry.systems_file)
    return findings + (links if isinstance(links, list) else [link_secret(links.link_secret)])


def systems(path: Path) -> list[Finding]:
    """Look at the registry."""
    check = "SYSTEMS_FILE"
    try:
        registered = Registry.read(path).systems
        check_systems(system.name for system in registered)
    except Malformed as error:
        return [failed(check, str(error), "mend the file; running services keep to what they read before")]
    if not registered:
        return [warning(check, "no system is registered", "msign-gateway systems add NAME --origin https://…")]
    names = ", ".join(system.name for system in registered)
    findings = [ok(check, f"{counted(len(registered), 'system')}: {names}")]
    if path.stat().st_mode & (stat.S_IWOTH | stat.S_IWGRP):
        findings.append(warning(check, f"{path} can be written by others", f"chmod go-w {path}"))
    return findings + [finding for system in registered for finding in origins(system)]


def origins(system: System) -> list[Finding]:
    """Look at where a system's users are sent back to."""
    if not system.return_origins:
        return [ok(system.name, "has no return_origins: it can have signatures verified, and nothing signed")]
    open_ones = [
        one for one in system.return_origins if one.startswith("http:") and urlsplit(one).hostname not in LOCAL
    ]
    if open_ones:
        advice = "use https: what users bring back could be read on its way"
        return [warning(system.name, f"users are sent back over plain HTTP: {', '.join(open_ones)}", advice)]
    return [ok(system.name, f"users are sent back to {', '.join(system.return_origins)}")]


def link_secret(text: str) -> Finding:
    """Judge the keys by what can be seen of them: their number, their length, how many different characters."""
    keys = parse_keys(text)
    if any(len(set(key)) < FEWEST_DIFFERENT for key in keys):
        advice = "make one that nobody can guess: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        return warning("LINK_SECRET", f"a key has fewer than {FEWEST_DIFFERENT} different characters", advice)
    if len(keys) > 2:
        advice = "take out those that no link was made with since the longest deadline"
        return warning("LINK_SECRET", f"{len(keys)} keys are believed", advice)
    where = "from the environment: a change needs a restart" if "LINK_SECRET" in os.environ else "from a file"
    return ok("LINK_SECRET", f"{counted(len(keys), 'key')}, {where}")
