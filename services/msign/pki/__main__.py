"""Makes a test public-key infrastructure: `python -m services.msign.pki create DIR --pki-url http://127.0.0.1:PORT`."""

import argparse
import sys
from pathlib import Path

from services.msign.pki.create import create
from shared.errors import Malformed


def main() -> int:
    """Read the command line, make the infrastructure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.msign.pki", description="The provider's test PKI.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("create", help="make authorities, certificates, keys and tokens in a new directory")
    making.add_argument("directory", type=Path)
    making.add_argument("--pki-url", required=True, help="where OCSP, CRLs and timestamps will be served")
    making.add_argument("--server-name", action="append", help="a name or address of the API server (repeatable)")
    making.add_argument("--pkcs11-module", type=Path, help="SoftHSM's library, to hold the tokens' keys")
    arguments = parser.parse_args()
    names = arguments.server_name or ["127.0.0.1", "localhost"]
    try:
        create(
            arguments.directory, pki_url=arguments.pki_url, server_names=names, pkcs11_module=arguments.pkcs11_module
        )
    except Malformed as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"made a public-key infrastructure in {arguments.directory}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
