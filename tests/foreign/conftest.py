"""Clients of other stacks, made from our WSDL alone, and a real API with mutual TLS for them.

Each is a program with the arguments `post TYPE DESCRIPTION FILE…`, `get REQUEST_ID LANGUAGE` or
`verify TYPE SIGNATURE_FILE [CONTENT_FILE]` and the addresses and certificates in its environment (`MSIGN_…`); it
prints what it was told as JSON, a fault as `Fault` and `Text`.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.msign_api.conftest import Api, Files, api, signers, tls

__all__ = ["api", "signers", "tls"]

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


@pytest.fixture(scope="session", params=[node, php, gsoap], ids=lambda make: make.__name__)
def program(request, tmp_path_factory) -> list[str]:
    make: Callable[[Path], list[str]] = request.param
    return make(tmp_path_factory.mktemp(make.__name__))


@dataclass(frozen=True)
class Foreign:
    """A client of another stack before our API."""

    program: list[str]
    api: Api
    directory: Path

    async def call(self, *arguments: str | bytes, who: Files | None = None) -> dict[str, Any]:
        """Run the program; bytes become files. Returns what it prints."""
        files = who or self.api.tls.first
        environment = os.environ | {
            "MSIGN_WSDL": str(WSDL),
            "MSIGN_URL": self.api.url,
            "MSIGN_CERT": str(files.cert),
            "MSIGN_KEY": str(files.key),
            "MSIGN_CA": str(self.api.tls.ca),
        }
        identity = self.directory / "identity.pem"  # PHP and gSOAP want certificate and key in one file
        identity.write_bytes(files.cert.read_bytes() + files.key.read_bytes())
        environment["MSIGN_IDENTITY"] = str(identity)
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
def foreign(program, api, tmp_path) -> Foreign:
    return Foreign(program, api, tmp_path)
