"""Spans over HTTP into the ledger, against parsing the same requests alone.

SIZE spans in requests of 1,000, sent by four connections to the product's own web server (two
worker processes) while this process folds, as a worker does. Of five spans of a trace one is a
workflow, one a call that repeats the three calls below it; every trace id is random.
"""

from collections.abc import Iterator
from http.client import HTTPConnection
import os
import threading
import time

from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aicost.accounts.models import User
from aicost.accounts.tokens import make_token
from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.run import peak_mb, scratch_folder
from aicost.runtime.serving import serving
from ingest.models import Source
from ingest.otlp.fold import fold_waiting, settle
from ingest.otlp.names import built_in
from ingest.otlp.receive import waiting
from ingest.otlp.spans import read_spans

NAME = "otlp"
SIZE = 1_000_000
SPANS_A_REQUEST = 1_000
SPANS_A_TRACE = 5
LEAVES_A_TRACE = 3
SENDERS = 4
_MARK = b"\xff\x00BENCH TRACE ID"
_TEXTS = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.response.id": "chatcmpl-0123456789",
    "server.address": "api.openai.com",
    "user.id": "u-17",
    "aicost.feature": "search",
}
_NUMBERS = {
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 340,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.request.max_tokens": 4096,
    "server.port": 443,
}


def run(size: int) -> list[Measured]:
    requests = max(1, size // SPANS_A_REQUEST)
    size = requests * SPANS_A_REQUEST
    pieces = template().split(_MARK)
    parsing = _seconds_of(pieces, requests, ExportTraceServiceRequest.FromString)
    mapping = _seconds_of(pieces, requests, _decode)
    text = _token()
    with serving(scratch_folder() / "otlp-web.log") as port:
        seconds = _send_and_fold(port, text, pieces, requests)
    _check(requests)
    return [
        Measured("otlp: parse protobuf alone", size, parsing),
        Measured("otlp: parse, map and strip", size, mapping, parsing),
        Measured("otlp: HTTP to ledger", size, seconds, parsing, peak_mb()),
    ]


def template() -> bytes:
    """A request with every trace id the same mark."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "shop"
    spans = resource_spans.scope_spans.add().spans
    start = time.time_ns() - 600 * 10**9
    for number in range(SPANS_A_REQUEST):
        place = number % SPANS_A_TRACE
        span = spans.add(trace_id=_MARK, span_id=(place + 1).to_bytes(8, "big"), name="chat")
        span.start_time_unix_nano = start + number * 10**6
        span.end_time_unix_nano = span.start_time_unix_nano + 900 * 10**6
        if place:
            span.parent_span_id = (1 if place == 1 else 2).to_bytes(8, "big")
        told = _TEXTS if place else {"gen_ai.operation.name": "invoke_workflow"}
        for key, value in told.items():
            span.attributes.add(key=key).value.string_value = value
        for key, value in (_NUMBERS if place else {}).items():
            span.attributes.add(key=key).value.int_value = value
    return request.SerializeToString()


def _body(pieces: list[bytes]) -> bytes:
    """The request with a random id for each trace."""
    ids = [os.urandom(16) for _ in range(SPANS_A_REQUEST // SPANS_A_TRACE)]
    made = []
    for number, piece in enumerate(pieces[:-1]):
        made += (piece, ids[number // SPANS_A_TRACE])
    return b"".join([*made, pieces[-1]])


def _decode(body: bytes) -> None:
    read_spans(ExportTraceServiceRequest.FromString(body), built_in(), time.time_ns())


def _seconds_of(pieces: list[bytes], requests: int, work) -> float:
    """Of so many requests, from a sample: every one takes the same."""
    sample = [_body(pieces) for _ in range(min(requests, 30))]
    began = time.monotonic()
    for body in sample:
        work(body)
    return (time.monotonic() - began) * requests / len(sample)


def _send_and_fold(port: int, text: str, pieces: list[bytes], requests: int) -> float:
    numbers = iter(range(requests))
    lock, failures = threading.Lock(), []
    senders = [
        threading.Thread(target=_send, args=(port, text, pieces, numbers, lock, failures))
        for _ in range(SENDERS)
    ]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        fold_waiting()
        time.sleep(0.05)
    fold_waiting()
    for source in Source.objects.all():
        settle(source, seconds=0)
    if failures or waiting():
        raise RuntimeError(f"not all was taken: {failures[:3]}")
    return time.monotonic() - began


def _send(port: int, text: str, pieces, numbers: Iterator[int], lock, failures: list) -> None:
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/x-protobuf"}
    while True:
        with lock:
            if next(numbers, None) is None:
                break
        link.request("POST", "/v1/traces", _body(pieces), headers)
        answer = link.getresponse()
        told = answer.read()
        if answer.status != 200:
            failures.append((answer.status, told[:200]))
            break
    link.close()


def _check(requests: int) -> None:
    leaves = requests * SPANS_A_REQUEST // SPANS_A_TRACE * LEAVES_A_TRACE
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from ingest_usage")
        [stored] = cursor.fetchone()
        cursor.execute("select sum(requests)::bigint from ingest_usageday")
        [summed] = cursor.fetchone()
    if (stored, summed) != (leaves, leaves):
        raise RuntimeError(f"{leaves} calls were sent, {stored} stand, {summed} are summed")


def _token() -> str:
    user = User.objects.create(username="bench")
    return make_token(user, "bench", ["ingest"])[1]
