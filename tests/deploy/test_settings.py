"""Do the services accept what the manifests tell them? Their own settings classes judge it, with files in place."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from services.callback_web.settings import Settings as CallbackWeb
from services.msign.settings import MSignSettings
from services.sign_gateway.settings import Settings as SignGateway
from services.verifier.settings import Settings as Verifier
from shared.connections import DatabaseConnection
from shared.settings import Settings
from tests.deploy.conftest import Secrets
from tests.deploy.external_secrets import PASSWORD
from tests.deploy.manifests import Overlay, Pod, Resource

CLASSES: dict[str, type[Settings]] = {
    "sign-gateway": SignGateway,
    "verifier": Verifier,
    "callback-web": CallbackWeb,
    "migrate": DatabaseConnection,
    "msign": MSignSettings,
}
GATEWAY = ("sign-gateway", "verifier", "callback-web")


def unknown(settings: type[Settings], environment: dict[str, str]) -> set[str]:
    """Return the variables that a settings class does not read."""
    return {name for name in environment if name.lower().removesuffix("_file") not in settings.model_fields} - {
        name for name in environment if name.lower() in settings.model_fields
    }


def ours(overlay: Overlay) -> list[tuple[Pod, Resource]]:
    return [(pod, container) for pod in overlay.pods if pod.name in CLASSES for container in pod.spec["containers"]]


def test_every_variable_is_a_setting_of_the_service_that_gets_it(overlay: Overlay):
    for pod, container in ours(overlay):
        assert not unknown(CLASSES[pod.name], overlay.environment(container)), pod.name


def test_what_waits_for_the_tables_gets_the_settings_of_a_database(overlay: Overlay):
    for name in GATEWAY:
        assert not unknown(DatabaseConnection, overlay.environment(overlay.pod(name).spec["initContainers"][0]))


def placed(pod: Pod, container: Resource, secrets: Secrets, root: Path) -> None:
    """Put the files in place under `root` that the container sees in its volumes."""
    for mount in container["volumeMounts"]:
        if "secret" not in pod.volume(mount["name"]):
            continue
        source = pod.volume(mount["name"])["secret"]
        files = secrets[source["secretName"]]
        for item in source.get("items", [{"key": key, "path": key} for key in files]):
            path = root / mount["mountPath"].lstrip("/") / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[item["key"]])


def accept(overlay: Overlay, name: str, secrets: Secrets, root: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a service's settings as its process would read them."""
    pod = overlay.pod(name)
    (container,) = pod.spec["containers"]
    placed(pod, container, secrets, root)
    for variable in os.environ:
        if variable.lower().removesuffix("_file") in CLASSES[name].model_fields:
            monkeypatch.delenv(variable)
    for variable, value in overlay.environment(container).items():
        monkeypatch.setenv(variable, f"{root}{value}" if value.startswith("/") else value)
    return CLASSES[name]()


@pytest.mark.parametrize("name", [*GATEWAY, "migrate"])
def test_a_service_starts_in_production(
    production: Overlay, production_secrets: Secrets, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = accept(production, name, production_secrets, tmp_path, monkeypatch)
    assert isinstance(settings, DatabaseConnection)
    assert settings.require_tls


@pytest.mark.parametrize("name", [*GATEWAY, "migrate"])
def test_a_service_starts_on_a_desk(
    development: Overlay, development_secrets: Secrets, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert accept(development, name, development_secrets, tmp_path, monkeypatch)


def test_our_msign_starts_on_a_desk_with_the_keys_that_are_unpacked_before(
    development: Overlay, development_secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    unpack, consumer = development.pod("msign").spec["initContainers"]
    assert unpack["command"][-2:] == ["/run/secrets/pki/pki.tar", "/var/lib/msign"]
    with tarfile.open(fileobj=io.BytesIO(development_secrets["msign-pki"]["pki.tar"])) as archive:
        archive.extractall(tmp_path / "var" / "lib" / "msign", filter="data")
    settings = accept(development, "msign", development_secrets, tmp_path, monkeypatch)
    assert isinstance(settings, MSignSettings)
    assert (settings.pki_dir / "people.json").is_file()
    certificate = next(one for one in consumer["command"] if one.startswith("--certificate=")).removeprefix(
        "--certificate="
    )
    assert (tmp_path / certificate.lstrip("/")).read_bytes() == development_secrets["msign-client"]["tls.crt"]


def test_in_production_every_password_survives_its_url(production_secrets: Secrets):
    urls = [files["url"].decode() for files in production_secrets.values() if "url" in files]
    assert len(urls) == 7
    assert {unquote(urlsplit(url).password or "") for url in urls} == {PASSWORD}
