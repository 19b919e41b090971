"""Who gets which secret before anything starts for the first time? `prepare.py E_SERVICE_URL`, as root.

Every reader has a directory of its own under /secrets, a volume each. Nothing that is there is made anew: the databases
know the passwords by then. A first run that was cut short begins again.
"""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from msign_gateway.infrastructure.definitions import OPERATOR, Passwords, definitions
from services.msign.pki.create import create
from shared.systems import token_digest

PROGRAM, SERVERS = 10001, 999
"""The user of our image, and the one of RabbitMQ's and PostgreSQL's."""
SYSTEM, VHOST = "declaratii", "msign"
CLIENT = {"client.pem": "consumer1.pem", "client.key": "consumer1.key", "msign-ca.pem": "ca.pem"}
"""What a service shows MSign and trusts there, by its place in the test PKI."""


def prepare(root: Path, e_service_url: str) -> bool:
    """Make everything under `root`; False when it was there already."""
    registry = root / "registry" / "systems.json"
    if registry.exists():
        return False
    for reader in root.iterdir():
        _empty(reader)
    passwords, databases = Passwords.fresh([SYSTEM]), {name: _secret() for name in ("gateway", "msign")}
    _server_secrets(root, passwords, databases)
    _provider(root / "msign", databases["msign"])
    _gateway(root, passwords, databases["gateway"])
    token = _secret()
    _system(root, passwords.systems[SYSTEM], token)
    for reader in root.iterdir():
        _hand_over(reader, SERVERS if reader.name in {"rabbitmq", "postgres"} else PROGRAM)
    registered = {"name": SYSTEM, "return_origins": [e_service_url], "token_sha256": token_digest(token)}
    draft = registry.with_suffix(".new")
    _write(draft, json.dumps({"systems": [registered]}, indent=2))
    os.chown(draft, PROGRAM, PROGRAM)
    draft.rename(registry)  # last: it says that all is there
    return True


def _server_secrets(root: Path, passwords: Passwords, databases: dict[str, str]) -> None:
    _write(root / "rabbitmq" / "definitions.json", json.dumps(definitions(VHOST, passwords)))
    for role, password in {"administrator": _secret(), **databases}.items():
        _write(root / "postgres" / role, password)


def _provider(directory: Path, password: str) -> None:
    create(directory / "pki", pki_url="http://msign:8081", server_names=["msign"])
    _write(directory / "database_url", f"postgresql://msign:{password}@postgres/msign")
    _write(directory / "web_secret", _secret())


def _gateway(root: Path, passwords: Passwords, database: str) -> None:
    """What the three services and the operator get; the client certificate is the first consumer's."""
    tls, link_secret = root / "msign" / "pki" / "tls", _secret()
    for user, password in {**passwords.services, OPERATOR: str(passwords.operator)}.items():
        own = root / user
        _write(own / "amqp_url", f"amqp://{user}:{password}@rabbitmq/{VHOST}")
        _write(own / "database_url", f"postgresql://gateway:{database}@postgres/gateway")
        _write(own / "link_secret", link_secret)
        for name, source in CLIENT.items():
            shutil.copyfile(tls / source, own / name)


def _system(root: Path, password: str, token: str) -> None:
    """What the sample institution gets: its connection and token, and who can sign, with which key files."""
    own, pki = root / "system", root / "msign" / "pki"
    _write(own / "amqp_url", f"amqp://{SYSTEM}:{password}@rabbitmq/{VHOST}")
    _write(own / "token", token)
    shutil.copyfile(pki / "people.json", own / "people.json")
    for person in json.loads((pki / "people.json").read_text(encoding="utf-8")):
        if name := person.get("key_file"):
            (own / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(pki / name, own / name)


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _empty(directory: Path) -> None:
    for left in directory.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _hand_over(directory: Path, user: int) -> None:
    """Let `user` alone read what is in the directory."""
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(path, user, user)


if __name__ == "__main__":
    made = prepare(Path("/secrets"), sys.argv[1])
    print("made certificates, passwords and the registry" if made else "everything is there already")  # noqa: T201
