"""Is the service in this container ready? Asks its ops port, as Docker's health check; exit code 0 if it is."""

import http.client
import os
import sys

TIMEOUT_S = 4


def is_ready(port: int) -> bool:
    """Tell whether `/readyz` answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ["OPS_PORT"])) else 1)
