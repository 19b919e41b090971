"""A whole MSign: the provider as a process of its own, with its database, its PKI and two registered systems."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import end, run, start
from msign_gateway.infrastructure.softhsm import find_module
from shared.contract.client import MSignClient
from shared.persistence.pool import open_pool
from tests.readiness import until_ready

SYSTEMS = {"consumer1": "Declarații", "consumer2": "Registru"}
"""Certificate → name; `consumer3` has a good certificate too, but is not registered."""


@dataclass(frozen=True)
class RunningMSign:
    """Where the provider is, who its people are, and what its clock can be made to say."""

    api_url: str
    sign_page: str
    pki: Path
    pool: asyncpg.Pool

    def client(self, certificate: str = "consumer1") -> AbstractAsyncContextManager[MSignClient]:
        """Our client of the API, as one of the systems."""
        tls = self.pki / "tls"
        return MSignClient.connect(
            url=self.api_url,
            client_cert=tls / f"{certificate}.pem",
            client_key=tls / f"{certificate}.key",
            ca_bundle=tls / "ca.pem",
        )

    def person(self, instrument: str, note: str = "") -> dict[str, Any]:
        """The first row of `people.json` for an instrument; `note` asks for a flaw."""
        people = json.loads((self.pki / "people.json").read_text(encoding="utf-8"))
        return next(one for one in people if (one["instrument"], one["note"]) == (instrument, note))

    async def forget(self) -> None:
        """No phone was called, no token tried, nothing guessed."""
        await self.pool.execute("TRUNCATE phone_transactions, token_tries, wrong_entries")

    async def time_out_calls(self) -> None:
        """The phones that ring have rung for too long."""
        await self.pool.execute("UPDATE phone_transactions SET expires_at = now()")

    async def expire(self, request_id: str) -> None:
        """The time to sign a request has passed."""
        await self.pool.execute("UPDATE sign_requests SET expires_at = now() WHERE request_id = $1", request_id)


@asynccontextmanager
async def running_msign(infrastructure: Infrastructure, directory: Path) -> AsyncIterator[RunningMSign]:
    """Make a PKI in `directory`, register the systems, and run the provider until the block ends."""
    api, web, pki_port, ops = free_ports(4)
    pki, module = directory / "pki", find_module()
    assert module, "SoftHSM is not installed"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    create = ["-m", "services.msign.pki", "create", str(pki)]
    create += ["--pki-url", f"http://127.0.0.1:{pki_port}", "--pkcs11-module", str(module)]
    await run("the test PKI", [sys.executable, *create], environment=environment)
    async with infrastructure.database.temporary("msign") as database_url:
        environment["MSIGN_DATABASE_URL"] = database_url
        for certificate, name in SYSTEMS.items():
            add = ["-m", "services.msign.consumers", "add", "--name", name]
            add += ["--certificate", str(pki / "tls" / f"{certificate}.pem")]
            await run(f"the system {name}", [sys.executable, *add], environment=environment)
        child = start(
            "msign",
            [sys.executable, "-m", "services.msign"],
            log=directory / "msign.log",
            environment=environment
            | {
                "API_PORT": str(api),
                "API_CERT": str(pki / "tls" / "server.pem"),
                "API_KEY": str(pki / "tls" / "server.key"),
                "CONSUMERS_CA": str(pki / "tls" / "ca.pem"),
                "WEB_PORT": str(web),
                "WEB_SECRET": "tests-of-whole-msign-" * 2,
                "PKI_DIR": str(pki),
                "PKI_PORT": str(pki_port),
                "TRUST_DIR": str(pki / "trust"),
                "OPS_PORT": str(ops),
                "PKCS11_MODULE": str(module),
                "SOFTHSM2_CONF": str(pki / "softhsm2.conf"),
            },
        )
        try:
            await until_ready(child, f"http://127.0.0.1:{ops}/readyz")
            async with open_pool(database_url) as pool:
                yield RunningMSign(f"https://127.0.0.1:{api}/MSign.svc", f"http://127.0.0.1:{web}", pki, pool)
        finally:
            end([child])
