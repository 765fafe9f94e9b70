"""Spans as SDKs send them, and what the ledger then holds: helpers of the tests about OTLP."""

from collections.abc import Iterable
from decimal import Decimal
import gzip
import hashlib
import time

from django.db import connection
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aicost.accounts.models import User
from aicost.accounts.tokens import make_token
from ingest.otlp.fold import fold_waiting
from ingest.otlp.receive import REMEMBERED

PROTOBUF = "application/x-protobuf"
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def token(name: str = "shop", scope: str = "ingest") -> str:
    """The text of a new token."""
    REMEMBERED.forget()
    user, _ = User.objects.get_or_create(username="alice")
    return make_token(user, name, [scope])[1]


def span_id(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:8]


def trace_id(name: str) -> bytes:
    return hashlib.sha256(b"trace " + name.encode()).digest()[:16]


def set_attributes(target, told: dict) -> None:
    for key, value in told.items():
        held = target.attributes.add(key=key).value
        if isinstance(value, str):
            held.string_value = value
        elif isinstance(value, float):
            held.double_value = value
        else:
            held.int_value = value


def add_span(
    spans, name: str, told: dict, parent: str = "", trace: str = "t", at: int = 0, ms: int = 800
):
    """One span, named as it is identified; its time is now unless given in nanoseconds."""
    start = at or time.time_ns() - 10**9
    span = spans.add(trace_id=trace_id(trace), span_id=span_id(trace + name), name=name)
    span.start_time_unix_nano, span.end_time_unix_nano = start, start + ms * 10**6
    if parent:
        span.parent_span_id = span_id(trace + parent)
    set_attributes(span, told)
    return span


def request_of(
    spans: Iterable[tuple], resource: dict | None = None, scope: str = "test"
) -> ExportTraceServiceRequest:
    """A request of spans given as the arguments of `add_span`, the last of them optional."""
    made = ExportTraceServiceRequest()
    resource_spans = made.resource_spans.add()
    set_attributes(resource_spans.resource, resource or {"service.name": "shop"})
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = scope
    for one in spans:
        add_span(scope_spans.spans, *one)
    return made


def tokens(told: int, answered: int = 5) -> dict:
    return {
        **CHAT,
        "gen_ai.usage.input_tokens": told,
        "gen_ai.usage.output_tokens": answered,
    }


def post(client, text: str, message, path: str = "/v1/traces", zipped: bool = False, **more):
    body = message if isinstance(message, bytes) else message.SerializeToString()
    headers = {"Authorization": f"Bearer {text}", **more.pop("headers", {})}
    if zipped:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    return client.post(path, body, content_type=more.pop("content_type", PROTOBUF), headers=headers)


def fold_all() -> None:
    assert fold_waiting()


def rows(query: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def calls(*columns: str) -> list[tuple]:
    """What stands in the ledger, ordered."""
    named = ", ".join(columns)
    return rows(f"select {named} from ingest_usage order by {named}")


def day_sums() -> list[tuple]:
    return rows(
        "select model, sum(requests), sum(input_tokens), sum(output_tokens)"
        " from ingest_usageday group by 1 order by 1"
    )


def usage_days() -> list[tuple]:
    """The rollup, every column but the surrogate key, histograms included."""
    return rows("select (to_jsonb(d) - 'id')::text from ingest_usageday d order by 1")


def decimals(values: Iterable) -> list[Decimal]:
    return [Decimal(value) for value in values]
