"""Does the home page say what the instance is, and where everything answers?"""

from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.msign.pki.app import create_pki_app
from services.msign.pki.architecture import Architecture
from services.msign.pki.create import create
from services.msign.public.home import HomePage, Published
from shared.contract.models import Instrument

API = "https://msign.exemplu.md/MSign.svc"


@pytest.fixture(scope="module")
def pki_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki") / "pki"
    create(directory, pki_url="http://127.0.0.1:9", server_names=["127.0.0.1"])
    return directory


@pytest.fixture(scope="module")
def published(pki_dir):
    pki = Architecture.load(pki_dir)
    return Published(api_url=API, timestamp_url=pki.timestamp_url, authorities=pki.authorities())


async def shown(published=None, *, language="en", instruments=tuple(Instrument)[:2]):
    app = web.Application()
    app.add_routes([web.get("/", HomePage(instruments, published).show)])
    async with TestClient(TestServer(app)) as client, client.get(f"/?lang={language}") as response:
        return await response.text()


async def test_it_names_the_endpoint_its_wsdl_and_each_authoritys_services(published):
    page = await shown(published)
    assert f'href="{API}?singleWsdl"' in page
    assert published.timestamp_url in page
    assert [one.name for one in published.authorities] == ["mdtrustca", "MDQSign"]
    for authority in published.authorities:
        assert all(url in page for url in (authority.certificate_url, authority.crl_url, authority.ocsp_url))


async def test_the_addresses_that_it_names_answer(published, pki_dir):
    async with TestClient(TestServer(create_pki_app(Architecture.watched(pki_dir).current))) as client:
        for authority in published.authorities:
            for url in (authority.certificate_url, authority.crl_url):
                assert (await client.get(urlsplit(url).path)).status == 200
            assert (await client.post(urlsplit(authority.ocsp_url).path, data=b"")).status == 200
        assert (await client.post(urlsplit(published.timestamp_url).path, data=b"")).status == 200


async def test_without_addresses_it_names_none():
    assert "WSDL" not in await shown()


async def test_it_shows_the_instruments_that_are_offered_and_leads_to_the_verification_page():
    page = await shown(instruments=[Instrument.TAX])
    assert "Tax service key" in page
    assert "MoldSign" not in page
    assert 'href="/verify?lang=en"' in page


@pytest.mark.parametrize(("language", "words"), [("ro", "Cum funcționează"), ("ru", "Как это работает")])
async def test_it_speaks_every_language(language, words):
    assert words in await shown(language=language)
