"""What the receiver answers: to good requests, to broken ones, and to attacks."""

import gzip
import json
import time

from django.db import connection
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
import pytest

from aicost.api import otlp
from ingest.models import Delivery, OtlpBatch, Quarantined, Source
from ingest.otlp import receive
from tests.otlp.spans import CHAT, calls, fold_all, post, request_of, rows, token, tokens

pytestmark = pytest.mark.django_db

JSON = "application/json"


def as_json(spans: list[dict], resource: list | None = None) -> bytes:
    told = {"resource": {"attributes": resource or []}, "scopeSpans": [{"spans": spans}]}
    return json.dumps({"resourceSpans": [told]}).encode()


def span(**told) -> dict:
    now = time.time_ns()
    return {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174",
        "name": "chat",
        "startTimeUnixNano": str(now - 10**9),
        "endTimeUnixNano": now,
        "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
            {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 3}},
        ],
        **told,
    }


def test_it_reads_json_with_hex_ids_and_numbers_as_text(client):
    """And the same span in protobuf is the same span."""
    text = token()
    answer = post(client, text, as_json([span()]), content_type=JSON, zipped=True)
    assert (answer.status_code, answer["Content-Type"], answer.json()) == (200, JSON, {})
    fold_all()
    [(event, told)] = calls("event_id", "input_tokens")
    assert (event, told) == ("5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174", 12)
    request = request_of([("a", tokens(12))])
    held = request.resource_spans[0].scope_spans[0].spans[0]
    held.trace_id, held.span_id = bytes.fromhex(event[:32]), bytes.fromhex(event[33:])
    post(client, text, request)
    fold_all()
    assert len(calls("event_id")) == 1


def test_it_says_which_spans_it_rejects_and_keeps_the_others(client):
    text = token()
    future = time.time_ns() + 7200 * 10**9
    bad = [
        ("negative", {**CHAT, "gen_ai.usage.input_tokens": -5}),
        ("nan", {**CHAT, "gen_ai.usage.cost": float("nan")}),
        ("huge", {**CHAT, "gen_ai.usage.input_tokens": 2**62}),
        ("half", {**CHAT, "gen_ai.usage.input_tokens": 1.5}),
        ("long", {**CHAT, "user.id": "x" * 301}),
        ("many", {**CHAT, **{f"a{n}": n for n in range(1_001)}}),
        ("later", tokens(1), "", "t", future),
        ("old", tokens(1), "", "t", 10**9),
    ]
    request = request_of([("good", tokens(5)), *bad])
    for wrong in (b"", b"\x01" * 8, bytes(16)):
        made = request_of([("x", tokens(1))]).resource_spans[0].scope_spans[0].spans[0]
        made.trace_id = wrong
        request.resource_spans[0].scope_spans[0].spans.append(made)
    answer = post(client, text, request)
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, told.rejected_spans) == (200, 11)
    assert "absurdly" in told.error_message
    fold_all()
    assert calls("input_tokens") == [(5,)]
    [delivery] = Delivery.objects.all()
    assert (delivery.rows_read, delivery.rows_loaded, delivery.rows_quarantined) == (12, 1, 11)
    reasons = set(Quarantined.objects.values_list("reason", flat=True))
    assert len(reasons) == 8
    assert "the trace id is not 16 bytes" in reasons
    assert "it starts more than an hour in the future" in reasons


def test_it_refuses_what_it_cannot_read_in_the_words_of_the_protocol(client):
    proto, text = "application/x-protobuf", token()
    for body, kind, status, words in (
        (b"\xff\xff\xff", proto, 400, "no ExportTraceServiceRequest"),
        (b"\x0a\x80" * 50, proto, 400, "no ExportTraceServiceRequest"),
        (b"[1]", JSON, 400, "no object"),
        (b'{"resourceSpans": 5}', JSON, 400, "in JSON"),
        (b"[" * 100_000, JSON, 400, "in JSON"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, JSON, 400, "nested deeper"),
        (b"x", "text/plain", 415, "Content-Type"),
    ):
        answer = post(client, text, body, content_type=kind)
        told = answer.content
        message = json.loads(told)["message"] if kind == JSON else Status.FromString(told).message
        assert (answer.status_code, words in message) == (status, True), (body[:20], message)
    assert not OtlpBatch.objects.exists()


def test_it_stops_bombs_and_bodies_too_large(client):
    text = token()
    bomb = gzip.compress(bytes(otlp.UNPACKED_BYTES_MAX + 1))
    spaces = gzip.compress(b" " * (otlp.BODY_BYTES_MAX + 1))
    answer = post(client, text, spaces, content_type=JSON, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    for body, headers in (
        (bomb, {"Content-Encoding": "gzip"}),
        (bytes(otlp.BODY_BYTES_MAX + 1), {}),
    ):
        answer = post(client, text, body, headers=headers)
        assert answer.status_code == 413
        assert "send smaller batches" in Status.FromString(answer.content).message
    for body in (b"\x1f\x8bnothing", gzip.compress(b"abc")[:-4]):
        answer = post(client, text, body, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 400
    answer = post(client, text, b"x", headers={"Content-Encoding": "br"})
    assert answer.status_code == 400


def test_it_bears_a_million_attributes_and_deep_values(client):
    """Of a span with so many nothing is kept; values in values are never looked into."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    told = request_of([("a", CHAT)]).resource_spans[0].scope_spans[0].spans[0]
    one = told.attributes.add(key="k")
    piece = one.SerializeToString()
    framed = b"\x4a" + bytes([len(piece)]) + piece
    body = told.SerializeToString() + framed * 1_000_000
    spans.append(type(told).FromString(body))
    answer = post(client, token(), request)
    assert ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans == 1


def test_it_asks_for_a_token_with_the_scope(client):
    request = request_of([("a", tokens(1))])
    for text, status in (("", 401), ("aicost_wrong", 401), (token("reader", "read"), 403)):
        answer = post(client, text, request)
        assert (answer.status_code, "ingest" in answer["WWW-Authenticate"]) == (status, True)
    assert (
        client.get("/v1/traces", headers={"Authorization": f"Bearer {token()}"}).status_code == 405
    )
    assert not Source.objects.exists()


def test_it_asks_to_come_again_while_too_much_waits(client, monkeypatch):
    text = token()
    monkeypatch.setattr(receive, "WAITING_ROWS_MAX", 0)
    assert post(client, text, request_of([("a", tokens(1))])).status_code == 200
    receive.REMEMBERED.forget()
    answer = post(client, text, request_of([("b", tokens(1))]))
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    fold_all()
    receive.REMEMBERED.forget()
    assert post(client, text, request_of([("b", tokens(1))])).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_it_asks_to_come_again_while_the_database_is_away(client, monkeypatch):
    """The real error of a real server: the sessions of this database are refused."""
    text = token()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = post(client, text, request_of([("a", tokens(1))]))
    monkeypatch.undo()
    connection.close()
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert post(client, text, request_of([("a", tokens(1))])).status_code == 200


def test_it_writes_no_word_of_a_prompt_anywhere(client, settings):
    """Bodies travel in attributes, events and links; none reaches the database or the disk."""
    secret = "MARKER-OF-A-PROMPT"
    told = {
        **tokens(5),
        "gen_ai.input.messages": secret,
        "gen_ai.output.messages": secret,
        "gen_ai.prompt.0.content": secret,
        "input.value": secret,
        "llm.input_messages.0.message.content": secret,
        "mlflow.spanInputs": f'"{secret}"',
        "traceloop.entity.input": secret,
        "metadata": json.dumps({"feature": "search", "note": secret}),
    }
    bad = {**told, "gen_ai.usage.input_tokens": -1}
    request = request_of([("a", told), ("b", bad)])
    for one in request.resource_spans[0].scope_spans[0].spans:
        one.events.add(name=secret).attributes.add(key="x").value.string_value = secret
        one.status.message = secret
    text = token()
    post(client, text, request)
    waiting = "".join(str(row) for row in rows("select to_jsonb(b)::text from ingest_otlpbatch b"))
    raw = bytes(OtlpBatch.objects.get().calls)
    fold_all()
    tables = rows(
        "select quote_ident(relname) from pg_class join pg_namespace n on n.oid = relnamespace"
        " where relkind in ('r', 'p') and nspname = 'public'"
    )
    for (table,) in tables:
        kept = rows(f"select count(*) from {table} t where t::text like %s", f"%{secret}%")
        assert kept == [(0,)], table
    assert secret not in waiting
    assert secret.encode() not in raw
    assert secret.encode().hex() not in waiting
    for path in settings.AICOST_HOME.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    assert calls("feature", "input_tokens") == [("search", 5)]


def test_it_keeps_odd_characters_out_of_the_rows_and_the_rest_as_it_is(client):
    odd = 'tab\there, "quoted", back\\slash, new\nline, nul\x00, 日本'
    told = {**tokens(5), "aicost.feature": odd, "aicost.kind": "run", "aicost.reason": odd}
    assert post(client, token(), request_of([("a", told)])).status_code == 200
    fold_all()
    assert calls("feature") == [(odd.replace("\x00", ""),)]
