"""Stand-ins that answer over HTTP while a test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
import threading


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """The server's address; it answers from a thread of its own and is closed in the end."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
