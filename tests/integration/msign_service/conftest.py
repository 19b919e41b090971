"""The whole provider in this process, put together as its settings say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import Consumers
from services.msign.pki import plan
from services.msign.pki.create import create
from services.msign.settings import MSignSettings
from shared.persistence.pool import open_pool


@pytest.fixture(scope="session")
def pki_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("service") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    return directory


@pytest.fixture
async def certificate(pki_dir: Path, msign_database_url: str) -> x509.Certificate:
    """The certificate of the registered system `declaratii`."""
    loaded = x509.load_pem_x509_certificate((pki_dir / "tls" / f"{plan.CONSUMERS[0]}.pem").read_bytes())
    async with open_pool(msign_database_url) as pool:
        await Consumers(pool).add("declaratii", loaded)
    return loaded


@pytest.fixture
def settings(pki_dir: Path, msign_database_url: str) -> Callable[..., MSignSettings]:
    """Makes the provider's settings, with whatever the test wants otherwise."""
    ops, api, web, pki = free_ports(4)
    tls = pki_dir / "tls"

    def make(**wanted: Any) -> MSignSettings:
        usual: dict[str, Any] = {
            "msign_database_url": msign_database_url,
            "ops_port": ops,
            "api_port": api,
            "api_cert": tls / f"{plan.SERVER}.pem",
            "api_key": tls / f"{plan.SERVER}.key",
            "consumers_ca": tls / "ca.pem",
            "trust_dir": pki_dir / "trust",
            "web_port": web,
            "web_secret": "a-secret-of-this-test-long-enough",
            "pki_dir": pki_dir,
            "pki_port": pki,
        }
        return MSignSettings(**usual | wanted)

    return make
