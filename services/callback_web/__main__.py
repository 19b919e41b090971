"""Run the service: `python -m services.callback_web`."""

from services.callback_web.bootstrap import start
from services.callback_web.settings import Settings
from shared.lifecycle import run_service

if __name__ == "__main__":
    run_service("callback_web", Settings, start)
