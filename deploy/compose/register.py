"""Whom does our MSign know? `register.py PUBLIC_URL`: the gateway, as the first consumer, and the demo's mandates.

Users go back to the gateway's public address and to no other. To run it twice does no harm.
"""

import subprocess
import sys

from msign_gateway.demo.mandates import MANDATES

CERTIFICATE = "/run/own/pki/tls/consumer1.pem"


def register(module: str, *arguments: str) -> None:
    """Run one of the provider's commands for operators."""
    subprocess.run([sys.executable, "-m", f"services.msign.{module}", "add", *arguments], check=True)  # noqa: S603


if __name__ == "__main__":
    register("consumers", "--name", "msign-gateway", "--certificate", CERTIFICATE, "--return-origin", sys.argv[1])
    for mandate in MANDATES:
        register("mandates", *mandate.arguments)
