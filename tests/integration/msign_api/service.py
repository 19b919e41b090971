"""The provider as a process of its own, with a PKI made for it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import Consumers
from services.msign.pki import plan
from services.msign.pki.create import create
from shared.persistence.pool import open_pool

START_S = 60


@dataclass(frozen=True)
class Files:
    """A certificate with its key as PEM files."""

    cert: Path
    key: Path
    certificate: x509.Certificate


@dataclass(frozen=True)
class Pki:
    """A provider's PKI, and the port that its certificates say its services are at."""

    directory: Path
    port: int


def make_pki(directory: Path) -> Pki:
    """A new PKI; takes seconds."""
    (port,) = free_ports(1)
    create(directory, pki_url=f"http://127.0.0.1:{port}", server_names=["127.0.0.1"])
    return Pki(directory, port)


def settings(database_url: str, made: Pki) -> dict[str, str]:
    """The settings of a provider."""
    pki, (ops, api, web) = made.directory, free_ports(3)
    return {
        "MSIGN_DATABASE_URL": database_url,
        "OPS_PORT": str(ops),
        "API_PORT": str(api),
        "API_CERT": str(pki / "tls" / f"{plan.SERVER}.pem"),
        "API_KEY": str(pki / "tls" / f"{plan.SERVER}.key"),
        "CONSUMERS_CA": str(pki / "tls" / "ca.pem"),
        "TRUST_DIR": str(pki / "trust"),
        "WEB_PORT": str(web),
        "WEB_SECRET": "a-secret-of-this-test-long-enough",
        "PKI_DIR": str(pki),
        "PKI_PORT": str(made.port),
    }


def url(environment: dict[str, str]) -> str:
    """The address of its API."""
    return f"https://127.0.0.1:{environment['API_PORT']}/MSign.svc"


async def registered(environment: dict[str, str]) -> Files:
    """Register a system; returns its certificate."""
    tls = Path(environment["PKI_DIR"]) / "tls"
    name = plan.CONSUMERS[0]
    certificate = x509.load_pem_x509_certificate((tls / f"{name}.pem").read_bytes())
    async with open_pool(environment["MSIGN_DATABASE_URL"]) as pool:
        await Consumers(pool).add("declaratii", certificate)
    return Files(tls / f"{name}.pem", tls / f"{name}.key", certificate)


async def started(environment: dict[str, str]) -> asyncio.subprocess.Process:
    """A process that is starting."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.msign",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")} | environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that serves; it is asked to end with the block."""
    process = await started(environment)
    try:
        assert process.stderr is not None
        async with asyncio.timeout(START_S):
            while json.loads(await process.stderr.readline())["event"] != "service_started":
                pass
        yield process
    finally:
        process.terminate()
        await process.communicate()
