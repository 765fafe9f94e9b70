"""A bounded queue and one daemon thread that empties it over OTLP/HTTP, in JSON.

What does not fit is dropped and counted; what cannot be sent is tried again while there is room.
"""

import atexit
from collections import deque
import gzip
import json
import logging
import os
import socket
import threading
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

log = logging.getLogger("aicost_meter")

BATCH_SPANS_MAX = 512
EVERY_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
WAIT_SECONDS_MAX = 60.0
EXIT_SECONDS = 3.0
WARN_SECONDS = 60.0
_AGAIN = (408, 429, 500, 502, 503, 504)


class Sender:
    """One a process: `put` never blocks and never raises; a fork starts with an empty queue."""

    def __init__(self) -> None:
        environment = os.environ
        base = environment.get("AICOST_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
        self.resource = {
            "service.name": environment.get("AICOST_SERVICE")
            or environment.get("OTEL_SERVICE_NAME")
            or "",
            "deployment.environment.name": environment.get("AICOST_ENVIRONMENT") or "",
            "host.name": socket.gethostname(),
        }
        self.configure(base or "", environment.get("AICOST_TOKEN") or "", 10_000)
        self.begin()

    def configure(self, endpoint: str, token: str, queue_max: int) -> None:
        self.url = endpoint.rstrip("/") + "/v1/traces" if endpoint else ""
        self.token, self.queue_max = token, queue_max

    def begin(self) -> None:
        """Everything of its own: at the start, and in the child of a fork."""
        self.queue: deque = deque()
        self.held: list = []
        self.counts = {"sent": 0, "dropped": 0, "refused": 0, "failed": 0}
        self.lock = threading.Lock()
        self.wake = threading.Event()
        self.idle = threading.Event()
        self.idle.set()
        self.closing = False
        self.thread = None
        self.warned_at = 0.0

    def put(self, span: tuple) -> None:
        """`span` is what `encoded` takes. Runs in every metered call: keep it short."""
        queue = self.queue
        if not self.url or len(queue) >= self.queue_max:
            self.count("dropped", 1)
            return
        queue.append(span)
        if self.thread is None:
            self.start()
        if len(queue) == BATCH_SPANS_MAX:
            self.wake.set()

    def count(self, what: str, number: int) -> None:
        with self.lock:
            self.counts[what] += number

    def start(self) -> None:
        with self.lock:
            if self.thread is None and not self.closing:
                self.idle.clear()
                self.thread = threading.Thread(target=self.run, name="aicost-meter", daemon=True)
                self.thread.start()

    def run(self) -> None:
        wait = 0.0
        while True:
            self.wake.wait(max(wait, 0.0 if self.closing else EVERY_SECONDS))
            self.wake.clear()
            wait = 0.0
            while (self.held or self.queue) and not wait:
                wait = self.send_one()
            self.warn()
            if not self.queue and not self.held:
                self.idle.set()
            if self.closing:
                self.idle.set()
                return

    def send_one(self) -> float:
        """Send one batch; seconds to wait before the next, 0 when it went well."""
        self.idle.clear()
        if not self.held:
            self.held = self.take()
        batch = self.held
        try:
            self.post(encoded(batch, self.resource))
        except HTTPError as error:
            if error.code in _AGAIN and not self.closing:
                return min(_seconds(error.headers.get("Retry-After")), WAIT_SECONDS_MAX)
            self.count("refused", len(batch))
            log.warning("aicost refused %s calls: %s %s", len(batch), error.code, error.reason)
        except (URLError, OSError) as error:
            if not self.closing:
                log.debug("aicost cannot be reached: %s", error)
                return EVERY_SECONDS * 2
            self.count("dropped", len(batch))
        except Exception as error:
            self.count("failed", len(batch))
            log.warning("%s calls cannot be told: %s", len(batch), error)
        else:
            self.count("sent", len(batch))
        self.held = []
        return 0.0

    def take(self) -> list:
        batch = []
        while self.queue and len(batch) < BATCH_SPANS_MAX:
            batch.append(self.queue.popleft())
        return batch

    def post(self, body: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
        request = Request(self.url, gzip.compress(body, 1), headers, method="POST")
        seconds = EXIT_SECONDS if self.closing else TIMEOUT_SECONDS
        with urlopen(request, timeout=seconds) as answer:
            told = json.loads(answer.read() or b"{}").get("partialSuccess", {})
        rejected = int(told.get("rejectedSpans", 0))
        if rejected:
            log.warning("aicost rejected %s calls: %s", rejected, told.get("errorMessage"))

    def warn(self) -> None:
        """Say now and then how many calls were dropped."""
        dropped = self.counts["dropped"]
        if dropped and time.monotonic() - self.warned_at > WARN_SECONDS:
            self.warned_at = time.monotonic()
            log.warning("aicost: %s calls were dropped so far, the queue was full", dropped)

    def flush(self, seconds: float) -> bool:
        """Send what waits, at most so long; True when nothing is left."""
        if self.thread is None:
            return not self.queue
        self.idle.clear()
        self.wake.set()
        return self.idle.wait(seconds) and not self.queue and not self.held

    def close(self) -> None:
        if self.thread is None:
            return
        self.closing = True
        self.wake.set()
        self.thread.join(EXIT_SECONDS)
        left = len(self.queue) + len(self.held)
        if left:
            self.count("dropped", left)
            log.warning("aicost: %s calls were dropped at exit", left)


def encoded(batch: list, resource: dict) -> bytes:
    """Spans (name, trace, span, parent, start_ns, end_ns, error, attributes) as OTLP JSON."""
    spans = [
        {
            "traceId": f"{trace:032x}",
            "spanId": f"{span:016x}",
            "parentSpanId": f"{parent:016x}" if parent else "",
            "name": name,
            "kind": 1,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(end),
            "status": {"code": 2} if error else {},
            "attributes": _attributes({**attributes, "error.type": error}),
        }
        for name, trace, span, parent, start, end, error, attributes in batch
    ]
    scope_spans = {"scope": {"name": "aicost_meter"}, "spans": spans}
    told = {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope_spans]}
    return json.dumps({"resourceSpans": [told]}).encode()


def _attributes(told: dict) -> list:
    return [
        {"key": key, "value": _value(value)}
        for key, value in told.items()
        if value is not None and value != ""
    ]


def _value(value: object) -> dict:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)[:300]}


def _seconds(told: object) -> float:
    try:
        return max(0.5, float(str(told)))
    except ValueError:
        return EVERY_SECONDS * 2


SENDER = Sender()
atexit.register(SENDER.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SENDER.begin)


def configure(
    endpoint: str = "", token: str = "", service: str = "", environment: str = "",
    queue_max: int = 10_000,
) -> None:  # fmt: skip
    """Where to send and as whom, instead of the environment variables AICOST_ENDPOINT,
    AICOST_TOKEN, AICOST_SERVICE and AICOST_ENVIRONMENT."""
    SENDER.configure(endpoint, token, queue_max)
    SENDER.resource["service.name"] = service or SENDER.resource["service.name"]
    SENDER.resource["deployment.environment.name"] = (
        environment or SENDER.resource["deployment.environment.name"]
    )


def flush(seconds: float = 5.0) -> bool:
    """Send what waits, at most so long; True when nothing is left."""
    return SENDER.flush(seconds)


def stats() -> dict:
    """How many calls were sent, dropped (no room, no server), refused by the server, failed (to be
    measured or told), and wait."""
    return {**SENDER.counts, "waiting": len(SENDER.queue) + len(SENDER.held)}
