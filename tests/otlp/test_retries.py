"""The same 100,000 spans sent twice, shuffled and in parallel: counted once."""

from concurrent.futures import ThreadPoolExecutor
import random
import time

from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
import pytest

from ingest.models import Delivery, Source
from ingest.otlp.decode import PROTOBUF, decode
from ingest.otlp.fold import fold_waiting, settle
from ingest.otlp.receive import REMEMBERED, source_named, take_spans, waiting
from ingest.otlp.spans import read_spans
from tests.otlp.spans import rows, set_attributes, span_id, tokens, trace_id, usage_days

pytestmark = pytest.mark.django_db(transaction=True)

SPANS, A_TRACE, A_REQUEST = 100_000, 4, 2_000


def made_spans() -> list[bytes]:
    """Traces of an agent, a wrapper, and two calls of which one is repeated by the wrapper."""
    start = time.time_ns() - 3_600 * 10**9
    spans = ExportTraceServiceRequest().resource_spans.add().scope_spans.add().spans
    kinds = ({"gen_ai.operation.name": "invoke_agent"}, tokens(10), tokens(10), tokens(20, 7))
    span = spans.add(name="x")
    made = []
    for number in range(SPANS):
        trace, place = divmod(number, A_TRACE)
        del span.attributes[:]
        set_attributes(span, kinds[place])
        span.trace_id, span.span_id = trace_id(str(trace)), span_id(str(place))
        span.parent_span_id = span_id({1: "0", 2: "1", 3: "0"}[place]) if place else b""
        span.start_time_unix_nano = start + number * 10**6
        span.end_time_unix_nano = span.start_time_unix_nano + 500 * 10**6
        made.append(span.SerializeToString())
    return made


def requests_of(spans: list[bytes], seed: int) -> list[bytes]:
    """The spans in another order, cut into requests."""
    shuffled = random.Random(seed).sample(spans, len(spans))
    return [
        field(1, field(2, b"".join(field(2, span) for span in shuffled[at : at + A_REQUEST])))
        for at in range(0, len(spans), A_REQUEST)
    ]


def field(number: int, content: bytes) -> bytes:
    """A field of a protobuf message that holds another: tag, length, bytes."""
    size, encoded = len(content), bytes([number << 3 | 2])
    while size > 127:
        encoded, size = encoded + bytes([size & 127 | 128]), size >> 7
    return encoded + bytes([size]) + content


def send(body: bytes) -> None:
    try:
        source_id, names = source_named("shop")
        spans = read_spans(decode("traces", body, PROTOBUF), names, time.time_ns())
        assert (spans.spans, spans.rejected) == (A_REQUEST, [])
        take_spans(source_id, spans)
    finally:
        connection.close()


def fold_here() -> None:
    """What another worker does at the same time."""
    try:
        fold_waiting(seconds_max=1)
    finally:
        connection.close()


def test_it_counts_spans_sent_twice_shuffled_and_in_parallel_once():
    REMEMBERED.forget()
    spans = made_spans()
    bodies = requests_of(spans, 1) + requests_of(spans, 2)
    work = [*(lambda body=body: send(body) for body in bodies), *[fold_here] * 4]
    random.Random(3).shuffle(work)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one(), work))
    while waiting():
        fold_waiting()
    traces = SPANS // A_TRACE
    told = "select count(*), sum(requests), sum(input_tokens), sum(output_tokens) from"
    expected = [(2 * traces, 2 * traces, 30 * traces, 12 * traces)]
    assert rows(f"{told} ingest_usage") == expected
    source = Source.objects.get()
    settle(source, 0)
    assert rows(f"{told} ingest_usageday")[0][1:] == expected[0][1:]
    [delivery] = Delivery.objects.all()
    assert delivery.rows_read == delivery.rows_loaded == 2 * SPANS * 3 // A_TRACE
    kept = usage_days()
    rows_anew(source)
    assert usage_days() == kept


def rows_anew(source: Source) -> None:
    """Build every day of the rollup from the calls themselves."""
    with connection.cursor() as cursor:
        cursor.execute("update ingest_usagetosettle set waits = true, rebuild = true")
    settle(source, 0)
