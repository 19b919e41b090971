"""Clients of other stacks, made from our WSDL alone, before a whole MSign with mutual TLS.

Each is a program with the arguments `post TYPE DESCRIPTION FILE…`, `get REQUEST_ID LANGUAGE` or
`verify TYPE SIGNATURE_FILE [CONTENT_FILE]` and the addresses and certificates in its environment (`MSIGN_…`); it
prints what it was told as JSON, a fault as `Fault` and `Text`.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from msign_gateway.infrastructure import Infrastructure
from tests.msign_process import RunningMSign, running_msign

HERE = Path(__file__).parent
WSDL = HERE.parents[1] / "shared" / "contract" / "msign.wsdl"


def node(_: Path) -> list[str]:
    """The `soap` package of Node.js; installed from the lock file where it is missing."""
    if not (HERE / "node" / "node_modules" / "soap").is_dir():
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=HERE / "node", check=True, capture_output=True)
    return ["node", str(HERE / "node" / "client.js")]


def php(_: Path) -> list[str]:
    """PHP's SoapClient."""
    return ["php", str(HERE / "php" / "client.php")]


def gsoap(directory: Path) -> list[str]:
    """gSOAP: C++ classes made from the WSDL, compiled with the program that uses them."""
    program = directory / "client"
    sources = ["client.cpp", "soapC.cpp", "soapBasicHttpBinding_USCOREIMSignProxy.cpp"]
    (directory / "client.cpp").write_bytes((HERE / "gsoap" / "client.cpp").read_bytes())
    (directory / "msign.wsdl").write_bytes(WSDL.read_bytes())
    for command in (
        ["wsdl2h", "-P", "-o", "msign.h", "msign.wsdl"],
        ["soapcpp2", "-C", "-j", "-w", "-x", "-I/usr/share/gsoap/import:/usr/share/gsoap", "msign.h"],
        ["g++", "-O0", "-DWITH_OPENSSL", "-o", program.name, *sources, "-lgsoapssl++", "-lssl", "-lcrypto"],
    ):
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return [str(program)]


def zeep(_: Path) -> list[str]:
    """zeep with its own transport (`requests`)."""
    return [sys.executable, str(HERE / "zeep" / "client.py")]


@pytest.fixture(scope="session", params=[node, php, gsoap, zeep], ids=lambda make: make.__name__)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    make: Callable[[Path], list[str]] = request.param
    return make(tmp_path_factory.mktemp(make.__name__))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def msign(
    infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningMSign]:
    async with running_msign(infrastructure, tmp_path_factory.mktemp("msign")) as running:
        yield running


@dataclass(frozen=True)
class Foreign:
    """A client of another stack before a whole MSign."""

    program: list[str]
    msign: RunningMSign
    directory: Path

    async def call(self, *arguments: str | bytes, who: str = "consumer1") -> dict[str, Any]:
        """Run the program as one of the systems; bytes become files. Returns what it prints."""
        tls = self.msign.pki / "tls"
        certificate, key = tls / f"{who}.pem", tls / f"{who}.key"
        identity = self.directory / "identity.pem"  # PHP and gSOAP want certificate and key in one file
        identity.write_bytes(certificate.read_bytes() + key.read_bytes())
        environment = os.environ | {
            "MSIGN_WSDL": str(WSDL),
            "MSIGN_URL": self.msign.api_url,
            "MSIGN_CERT": str(certificate),
            "MSIGN_KEY": str(key),
            "MSIGN_IDENTITY": str(identity),
            "MSIGN_CA": str(tls / "ca.pem"),
        }
        given = [self._given(n, one) for n, one in enumerate(arguments)]
        process = await asyncio.create_subprocess_exec(
            *self.program, *given, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        told: dict[str, Any] = json.loads(out)
        return told

    def _given(self, number: int, argument: str | bytes) -> str:
        if isinstance(argument, str):
            return argument
        path = self.directory / str(number)
        path.write_bytes(argument)
        return str(path)


@pytest.fixture
def foreign(program: list[str], msign: RunningMSign, tmp_path: Path) -> Foreign:
    return Foreign(program, msign, tmp_path)
