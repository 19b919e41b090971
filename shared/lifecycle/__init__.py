"""How does a service start, say that it is ready, drain and stop? The same way for each of them."""

from shared.lifecycle.http import serve_http
from shared.lifecycle.running import run_service
from shared.lifecycle.service import Service

__all__ = ["Service", "run_service", "serve_http"]
