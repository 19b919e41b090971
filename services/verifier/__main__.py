"""Run the service: `python -m services.verifier`."""

from services.verifier.bootstrap import start
from services.verifier.settings import Settings
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service("verifier", Settings, start)
