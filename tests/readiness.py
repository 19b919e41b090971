"""When is a process that was started ready?"""

import aiohttp

from msign_gateway.infrastructure.processes import Child
from tests.gateway import eventually


async def until_ready(child: Child, url: str) -> None:
    """Wait until `url` answers 200; fails as soon as `child` has ended."""
    async with aiohttp.ClientSession() as http:

        async def ready() -> bool:
            child.must_run()
            try:
                async with http.get(url) as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(ready, within_s=60)
