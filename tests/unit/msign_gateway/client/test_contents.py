"""What a content is sent as."""

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from msign_gateway.client.contents import PIECE_BYTES, ContentStore


class Gateway(BaseHTTPRequestHandler):
    """Answers the first upload with 503, and later ones with their reference."""

    tries = 0

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).tries += 1
        answer = json.dumps({"ref": f"sha256:{hashlib.sha256(body).hexdigest()}"}).encode()
        self.send_response(503 if self.tries == 1 else 201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def store(monkeypatch) -> Iterator[ContentStore]:
    monkeypatch.setattr(Gateway, "tries", 0)
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield ContentStore(f"http://127.0.0.1:{server.server_port}", "token")
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, 5 * PIECE_BYTES + 1])
def test_a_content_goes_out_whole_and_in_pieces_each_of_which_has_its_own_time(store, monkeypatch, size):
    sent, send = [], http.client.HTTPConnection.send

    def counted(connection, data):
        sent.append(len(data))
        send(connection, data)

    monkeypatch.setattr(http.client.HTTPConnection, "send", counted)
    body = bytes(range(251)) * (size // 251) + bytes(size % 251)
    assert store.put(body) == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert Gateway.tries == 2
    assert max(sent) <= PIECE_BYTES
