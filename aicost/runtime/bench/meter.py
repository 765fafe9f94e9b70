"""What metering costs the code that is metered: SIZE calls of a function that does nothing, with
the decorator and without, in a process of its own that sends to a server which takes everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import os
import subprocess
import sys
import threading

from django.conf import settings

from aicost.runtime.bench.registry import Measured

NAME = "meter"
SIZE = 200_000
SECONDS_MAX = 300
# A warm-up first; the calls come in bursts that the queue holds, as they would from real work.
_SCRIPT = """
import json, sys, time
import aicost_meter
size = int(sys.argv[1])
def plain(value): return value
metered = aicost_meter.meter(model="gpt-4o", feature="search")(plain)
def seconds(function, number):
    began = time.perf_counter()
    for value in range(number):
        function(value)
    return time.perf_counter() - began
seconds(metered, 1000)
with_it = without = 0.0
for _ in range(0, size, 5000):
    aicost_meter.flush(30)
    without += seconds(plain, 5000)
    with_it += seconds(metered, 5000)
aicost_meter.flush(30)
print(json.dumps([with_it, without, aicost_meter.stats()]))
"""


def run(size: int) -> list[Measured]:
    """`limit_seconds` is 20 µs a call."""
    with _sink() as port:
        environment = {
            **os.environ,
            "PYTHONPATH": str(settings.BASE_DIR / "ingest" / "meter" / "src"),
            "AICOST_ENDPOINT": f"http://127.0.0.1:{port}",
            "AICOST_TOKEN": "none",
        }
        command = [sys.executable, "-c", _SCRIPT, str(size)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    with_it, without, stats = json.loads(done.stdout)
    if stats["failed"] or stats["waiting"] or stats["dropped"]:
        raise RuntimeError(f"not every call was told: {stats}")
    return [Measured("meter: overhead of the calls", size, with_it - without, size * 20e-6)]


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def _sink() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Taker)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
