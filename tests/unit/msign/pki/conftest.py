import pytest

from services.msign.pki.create import create


@pytest.fixture(scope="session")
def pki_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1", "localhost"])
    return directory
