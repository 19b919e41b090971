"""How does the demo's sample e-Service run by itself, beside a gateway that is somewhere else?"""

import asyncio
import os
from pathlib import Path

from aiohttp import web

from msign_gateway.client import GatewayClient
from msign_gateway.demo.e_service import EService
from msign_gateway.demo.people import read_people

PORT = 8080


async def main() -> None:
    """Serve the pages, and keep their events, until stopped."""
    e_service = EService(os.environ["E_SERVICE_URL"], os.environ["MSIGN_FRONTEND_URL"])
    e_service.people = read_people(Path(os.environ["PEOPLE_FILE"]))
    runner = web.AppRunner(e_service.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", PORT).start()  # noqa: S104 - a container's network is its own
    amqp_url = Path(os.environ["AMQP_URL_FILE"]).read_text(encoding="utf-8")
    async with GatewayClient.connect(amqp_url) as client:
        e_service.client = client
        await e_service.orders.listen(client)


if __name__ == "__main__":
    asyncio.run(main())
