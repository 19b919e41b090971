"""Run the service: `python -m services.sign_gateway`."""

from services.sign_gateway.bootstrap import start
from services.sign_gateway.settings import Settings
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service("sign_gateway", Settings, start)
