"""Whom does our MSign know? The gateway, as the first consumer, and the demo's mandates. Twice does no harm."""

import subprocess
import sys

from msign_gateway.demo.mandates import MANDATES

CERTIFICATE = "/run/own/pki/tls/consumer1.pem"


def register(module: str, *arguments: str) -> None:
    """Run one of the provider's commands for operators."""
    subprocess.run([sys.executable, "-m", f"services.msign.{module}", "add", *arguments], check=True)  # noqa: S603


if __name__ == "__main__":
    register("consumers", "--name", "msign-gateway", "--certificate", CERTIFICATE)
    for mandate in MANDATES:
        register("mandates", *mandate.arguments)
