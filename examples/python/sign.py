"""Have PDF files signed and the signatures verified, with the client for systems.

    python sign.py act.pdf

Reads `DECLARATII_AMQP_URL`, `DECLARATII_TOKEN`, `SIGN_GATEWAY_URL` and `RETURN_URL`, as `.demo/endpoints.env` has them.
"""

import asyncio
import os
import sys
from pathlib import Path

from msign_gateway.client import ContentStore, GatewayClient


async def main(*files: Path) -> None:
    """Sign, save, verify."""
    store = ContentStore(os.environ["SIGN_GATEWAY_URL"], os.environ["DECLARATII_TOKEN"])
    async with GatewayClient.connect(os.environ["DECLARATII_AMQP_URL"], store=store) as gateway:
        job = {
            "content_type": "Pdf",
            "short_description": f"{len(files)} document(s)",
            "contents": [
                {"content_ref": await gateway.upload(file.read_bytes()), "correlation_id": str(number)}
                for number, file in enumerate(files)
            ],
            "return_url": os.environ["RETURN_URL"],
        }
        command_id = await gateway.sign(job)
        print("Open", (await gateway.accepted(command_id)).sign_url, flush=True)
        outcome = await gateway.ready(command_id)
        if outcome.status != "Success":
            raise SystemExit(f"{outcome.status}: {outcome.reason_code} {outcome.message}")
        for result in outcome.results:
            signed = files[int(result.correlation_id or 0)].with_suffix(".signed.pdf")
            signed.write_bytes(await gateway.signature(result))
            print("Signed", signed)
        await verify(gateway, *(file.with_suffix(".signed.pdf") for file in files))


async def verify(gateway: GatewayClient, *files: Path) -> None:
    """Ask whether the signatures are valid."""
    contents = [{"signature_ref": await gateway.upload(file.read_bytes())} for file in files]
    verdicts = await gateway.completed(await gateway.verify({"content_type": "Pdf", "contents": contents}))
    for file, verdict in zip(files, verdicts.results, strict=True):
        print("Valid" if verdict.valid else "NOT VALID", file, verdict.message)


asyncio.run(main(*map(Path, sys.argv[1:])))
