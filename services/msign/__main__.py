"""How is the provider started? `python -m services.msign`."""

from services.msign.bootstrap import start
from services.msign.settings import MSignSettings
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service("msign", MSignSettings, start)
