"""Where is SoftHSM, the PKCS#11 module that can hold the made-up people's keys, and what if there is none?"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msign_gateway.infrastructure import packages
from msign_gateway.infrastructure.errors import InfrastructureError

PACKAGE = "softhsm2"
COMMAND = "softhsm2-util"
PLACES = (
    "usr/lib/softhsm/libsofthsm2.so",  # Debian, Ubuntu, Arch
    "usr/lib/*/softhsm/libsofthsm2.so",  # Debian's directory of the architecture
    "usr/lib64/softhsm/libsofthsm.so",  # openSUSE
    "usr/lib64/pkcs11/libsofthsm2.so",  # Fedora
    "usr/lib/pkcs11/libsofthsm2.so",
    "usr/local/lib/softhsm/libsofthsm2.so",
    "opt/homebrew/lib/softhsm/libsofthsm2.so",
)
SOFTWARE = "tokens: software ones (PKCS#12 files), because SoftHSM is not installed"


def find_module(root: Path = Path("/"), places: Sequence[str] = PLACES) -> Path | None:
    """Return SoftHSM's module where distributions put it under `root`, or None."""
    return next((found for place in places for found in sorted(root.glob(place))), None)


def installed_module() -> Path | None:
    """Return the module if the command that makes tokens is there, too."""
    return find_module() if shutil.which(COMMAND) else None


async def open_module(report: Callable[[str], None]) -> Path | None:
    """Return SoftHSM's module, installing it where we may; None, after a line that says so, where there is no way.

    That it cannot be installed is no failure: the provider then keeps the keys in software tokens.
    """
    module = installed_module()
    if module is None and packages.can_install():
        report("tokens: SoftHSM (installing it first)")
        try:
            await packages.install(PACKAGE)
        except InfrastructureError as error:
            report(f"tokens: SoftHSM cannot be installed ({str(error).partition(':')[0]})")
        module = installed_module()
    elif module is not None:
        report("tokens: SoftHSM")
    if module is None:
        report(SOFTWARE)
    return module
