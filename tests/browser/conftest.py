"""A real provider process, a small e-Service, and Chromium between them."""

import html
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import end, run, start
from msign_gateway.infrastructure.softhsm import find_module
from shared.contract.client import MSignClient
from shared.contract.models import SignRequest, SignResponse
from shared.lifecycle import serve_http
from tests.gateway import eventually

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 800), "phone": (375, 720)}

session = pytest_asyncio.fixture(scope="session", loop_scope="session")


@dataclass
class EService:
    """The system that asks for signatures: it posts requests, sends browsers to the Sign Page, takes them back."""

    client: MSignClient
    sign_page: str
    url: str
    pki: Path
    came_back: list[dict[str, str]] = field(default_factory=list)
    starts: dict[str, str] = field(default_factory=dict)

    async def ask(self, request: SignRequest, **parameters: str) -> str:
        """Post a request; returns the address of our page with the button that leads to the Sign Page."""
        request_id = await self.client.post_sign_request(request)
        fields = {"ReturnUrl": f"{self.url}/return"} | parameters
        hidden = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in fields.items())
        self.starts[request_id] = (
            f'<!doctype html><html lang="en"><head><title>e-Service</title><link rel="icon" href="data:,"></head><body>'
            f'<form method="post" accept-charset="utf-8" action="{self.sign_page}/{request_id}">{hidden}'
            f"<button>Sign</button></form></body></html>"
        )
        return f"{self.url}/start/{request_id}"

    async def outcome(self, request_id: str, language: str = "ro") -> SignResponse:
        """Return what the API says."""
        return await self.client.get_sign_response(request_id, language)

    async def start(self, request: web.Request) -> web.Response:
        return web.Response(text=self.starts[request.match_info["request_id"]], content_type="text/html")

    async def back(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.came_back.append(form)
        response = await self.outcome(form["RequestID"])
        return web.Response(
            text=f'<!doctype html><html lang="en"><head><title>Back</title><link rel="icon" href="data:,"></head>'
            f'<body><p id="outcome">{response.status}</p></body></html>',
            content_type="text/html",
        )


@session
async def e_service(
    infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EService]:
    directory = tmp_path_factory.mktemp("provider")
    api, web_port, pki_port, ops, own = free_ports(5)
    pki, module = directory / "pki", find_module()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    create = [sys.executable, "-m", "services.msign.pki", "create", str(pki)]
    create += ["--pki-url", f"http://127.0.0.1:{pki_port}"]
    create += ["--pkcs11-module", str(module)] if module else []
    await run("the test PKI", create, environment=environment)
    tokens = {"PKCS11_MODULE": str(module), "SOFTHSM2_CONF": str(pki / "softhsm2.conf")} if module else {}
    tls = pki / "tls"
    async with infrastructure.database.temporary("browser") as database_url:
        register = ["services.msign.consumers", "add", "--name", "Declarații", "--certificate"]
        await run(
            "the consumer",
            [sys.executable, "-m", *register, str(tls / "consumer1.pem")],
            environment=environment | {"MSIGN_DATABASE_URL": database_url},
        )
        settings = {
            "MSIGN_DATABASE_URL": database_url,
            "API_PORT": str(api),
            "API_CERT": str(tls / "server.pem"),
            "API_KEY": str(tls / "server.key"),
            "CONSUMERS_CA": str(tls / "ca.pem"),
            "WEB_PORT": str(web_port),
            "WEB_SECRET": "browser-tests-" * 3,
            "PKI_DIR": str(pki),
            "PKI_PORT": str(pki_port),
            "TRUST_DIR": str(pki / "trust"),
            "OPS_PORT": str(ops),
        }
        child = start(
            "msign",
            [sys.executable, "-m", "services.msign"],
            log=directory / "msign.log",
            environment=environment | settings | tokens,
        )
        try:
            async with aiohttp.ClientSession() as http:

                async def ready() -> bool:
                    child.must_run()
                    try:
                        async with http.get(f"http://127.0.0.1:{ops}/readyz") as response:
                            return response.status == 200
                    except aiohttp.ClientError:
                        return False

                await eventually(ready, within_s=30)
            async with MSignClient.connect(
                url=f"https://127.0.0.1:{api}/MSign.svc",
                client_cert=tls / "consumer1.pem",
                client_key=tls / "consumer1.key",
                ca_bundle=tls / "ca.pem",
            ) as client:
                made = EService(client, f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{own}", pki)
                app = web.Application()
                app.add_routes([web.get("/start/{request_id}", made.start), web.post("/return", made.back)])
                async with serve_http(app, host="127.0.0.1", port=own):
                    yield made
        finally:
            end([child])


@session
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Open:
    """Opens pages, each in a context of its own; what goes wrong in one is kept in `problems`."""

    browser: Browser
    problems: list[str] = field(default_factory=list)

    async def __call__(self, size: str = "desktop", *, scripts: bool = True, colours: str = "light") -> Page:
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            color_scheme="dark" if colours == "dark" else "light",
        )
        context.set_default_timeout(15_000)
        page = await context.new_page()
        page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        return page


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser) -> AsyncIterator[Open]:
    """Opens pages for one test, which fails when a page's console showed an error (a CSP violation is one)."""
    opener = Open(chromium)
    yield opener
    for context in list(chromium.contexts):
        await context.close()
    assert opener.problems == []
