"""Whoever has a token, or none, sends nonsense to the addresses for machines: each answer says why,
nothing is half stored and nothing stops the worker behind it."""

import gzip
import hashlib
import hmac
import json
import time

from django.test import Client
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
import pytest

from ingest import connect
from ingest.models import Annotation, OtlpBatch, PostedBody, Quarantined, Revenue
from tests.otlp.spans import CHAT, calls, fold_all, post, request_of, token, tokens

pytestmark = pytest.mark.django_db
SECRET = "correct horse battery staple"
JSON = "application/json"
DEEP = b"[" * 900 + b"]" * 900
ODD = (
    b"",
    b"\x00",
    b"null",
    b"7",
    b'"x"',
    b"{",
    b"[[]]",
    b"[null]",
    b"\xff\xfe{}",
    DEEP,
    b'[{"a":' + DEEP + b"}]",
    b"[" * 100_000,
    b"{}",
    b"[{}]",
    b'[{"day": NaN}]',
    b'[{"day": {"a": [1]}, "revenue": [1], "currency": {}}]',
    b'[{"day": "2026-09-01", "revenue": 1e400, "currency": "EUR"}]',
    b'[{"day": "2026-09-01", "revenue": ' + b"9" * 5000 + b', "currency": "EUR"}]',
    b'[{"day": "2026-09-01", "revenue": "1", "currency": "EUR", "customer": "\\u0000"}]',
    b'[{"day": "2026-09-01", "revenue": "1", "currency": "EUR", "customer": "\\ud800"}]',
    b'[{"day": "2026-09-01", "revenue": "1", "currency": "EUR", "\\ud800\\u0000": "x"}]',
)


@pytest.fixture
def strict() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def bearer() -> dict:
    return {"Authorization": f"Bearer {token()}"}


@pytest.mark.parametrize(
    "address", ["revenue", "outcomes", "quality", "customers", "volumes", "runs"]
)
def test_it_refuses_rows_that_are_none(strict, bearer, home, address):
    for place, body in enumerate(ODD):
        for kind in (JSON, "text/csv"):
            headers = bearer | {"Idempotency-Key": f"k{place}"}
            answer = strict.post(f"/api/v1/{address}", body, content_type=kind, headers=headers)
            assert 400 <= answer.status_code < 500, (place, body[:60], answer.content[:300])
            assert answer.json()["detail"], body[:60]
    assert not PostedBody.objects.exists() and not Revenue.objects.exists()


def test_it_refuses_events_that_are_none(strict, bearer):
    good = {"id": "a", "at": "2026-09-01T00:00:00Z", "title": "x"}
    odd = [
        *ODD,
        *(
            json.dumps(good | more).encode()
            for more in (
                {"id": "\x00"},
                {"id": "x" * 10_000},
                {"title": "\ud800"},
                {"author": {}},
                {"title": {"a": 1}, "kind": []},
                {"url": "javascript:alert(1)"},
                {"url": " javascript:alert(1)"},
                {"url": "data:text/html,x"},
                {"at": "0001-01-01T00:00:00+14:00"},
                {"at": 9},
                {"at": "9999-12-31T23:59:59-14:00"},
                {"url": "https://a\n\x00"},
                {"author": "x" * 501},
                {"workload": [1, "\x00"]},
            )
        ),
    ]
    for body in odd:
        answer = strict.post("/api/v1/events", body, content_type=JSON, headers=bearer)
        assert answer.status_code in (400, 422) or b"[]" in body, (body[:80], answer.content[:300])
        assert answer.status_code < 500
    key = bearer | {"Idempotency-Key": "x" * 7000}
    answer = strict.post("/api/v1/events", b'{"title": "x"}', content_type=JSON, headers=key)
    assert answer.status_code == 400


def test_it_refuses_a_webhook_of_odd_shape(strict):
    connect.configure("repo", "git_webhook", {"secret": SECRET, "branches": ["*"]})

    def send(event: str, body: bytes, name: str = "repo"):
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={digest}"}
        return strict.post(f"/api/v1/events/git/{name}", body, content_type=JSON, headers=headers)

    commit = {
        "id": "a",
        "message": "m",
        "timestamp": "2026-09-01T00:00:00Z",
        "added": [],
        "modified": [],
        "removed": [],
    }
    odd = [
        {"timestamp": 10**30},
        {"timestamp": -(10**15)},
        {"timestamp": True},
        {"timestamp": []},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "0001-01-01T00:00:00-14:00"},
        {"timestamp": -62135596800},
        {"timestamp": 0},
        {"timestamp": "\ud800"},
        {"id": "\x00"},
        {"id": "x" * 3000},
        {"id": {}},
        {"message": 7},
        {"message": "\ud800"},
        {"added": [1]},
        {"added": "x"},
        {"author": "x"},
        {"url": "javascript:alert(1)"},
    ]
    bodies = [
        json.dumps({"ref": "refs/heads/main", "commits": [commit | more]}).encode() for more in odd
    ]
    bodies += [
        b'{"ref": {}, "commits": 1}',
        b'{"ref": "refs/heads/x", "commits": {"a": 1}}',
        b'{"ref": "refs/heads/x", "commits": 7}',
        *ODD,
    ]
    for body in bodies:
        for event in (
            "push",
            "deployment_status",
            "release",
            "Push Hook",
            "Deployment Hook",
            "Release Hook",
            "\udcff\x01".encode(errors="replace").decode(),
        ):
            answer = send(event, body)
            assert answer.status_code in (200, 422), (event, body[:90], answer.content[:300])
    for one in Annotation.objects.all():  # readable again, and of our days
        assert one.at.year >= 2000
        assert not one.url.startswith("java")
    for name in ("%00", "x" * 5000, "%ED%A0%80", "..", "a/b"):
        assert send("push", b"{}", name).status_code in (400, 401, 404), name


def test_it_refuses_unsigned_webhooks(strict):
    connect.configure("repo", "git_webhook", {"secret": SECRET})
    for headers in (
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "\xff"},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": "\xff"},
    ):
        headers = headers | {"X-GitHub-Event": "push"}
        answer = strict.post("/api/v1/events/git/repo", b"{}", content_type=JSON, headers=headers)
        assert answer.status_code == 401


@pytest.mark.parametrize("address", ["/v1/traces", "/v1/metrics"])
def test_it_refuses_otlp_that_is_none(strict, bearer, address):
    kinds = (JSON, "application/x-protobuf", "text/html", "")
    for kind in kinds:
        for body in (*ODD, gzip.compress(b"\x00" * 2**20), b"\x0a\xff\xff\xff\xff\x0f"):
            for encoding in ("identity", "gzip", "br", "gzip, gzip", "\xff"):
                headers = bearer | {"Content-Encoding": encoding}
                answer = strict.post(address, body, content_type=kind, headers=headers)
                assert answer.status_code < 500, (kind, encoding, body[:60], answer.content[:300])


def test_it_keeps_spans_whatever_their_texts(strict, bearer):
    """NUL cannot stand in jsonb; what should be a number may be a text."""
    names = (
        "aicost.gpu.utilization",
        "aicost.reason",
        "aicost.gpu_seconds",
        "service.name",
        "gen_ai.request.model",
        "gen_ai.usage.cost",
    )
    for value in ("\x00", "a\x00b", "NaN", "-1", "1e400", "x" * 5000, float("nan"), 10**18):
        for name in names:
            spans = [
                (f"r{name}{value}"[:99], {"aicost.kind": "run", name: value}),
                (f"c{name}{value}"[:99], CHAT | {name: value}),
            ]
            request = request_of(spans, {name: value})
            answer = post(strict, bearer["Authorization"][7:], request)
            assert answer.status_code == 200, (name, value, answer.content[:300])
    fold_all()
    assert not OtlpBatch.objects.exists()


def metric(**point) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    found = request.resource_metrics.add().scope_metrics.add().metrics.add()
    found.name, found.unit = "gen_ai.client.operation.duration", "s"
    found.histogram.aggregation_temporality = 1
    held = found.histogram.data_points.add()
    held.time_unix_nano = time.time_ns()
    for name, value in point.items():
        if name == "attributes":
            for key, text in value.items():
                held.attributes.add(key=key).value.string_value = text
        elif isinstance(value, list):
            getattr(held, name).extend(value)
        else:
            setattr(held, name, value)
    return request


@pytest.mark.parametrize(
    "point",
    [
        {"count": 2**64 - 1},
        {"count": 1, "attributes": {"model": "a\x00b"}},
        {"count": 1, "attributes": {"model_name": "\x00", "gen_ai.system": "\x00" * 500}},
        {"count": 1, "start_time_unix_nano": 2**64 - 1},
        {"count": 1, "explicit_bounds": [1.0], "bucket_counts": [2**64 - 1, 2**64 - 1]},
        {"count": 1, "explicit_bounds": [float("nan")], "bucket_counts": [1, 1]},
        {"count": 1, "explicit_bounds": [-1e308, 1e308], "bucket_counts": [1, 1, 1]},
        {"count": 1, "time_unix_nano": 0},
        {"count": 1, "time_unix_nano": 2**64 - 1},
    ],
)
def test_a_point_never_stops_those_behind_it(strict, bearer, point):
    for temporality in (1, 2):
        request = metric(**point)
        held = request.resource_metrics[0].scope_metrics[0].metrics[0]
        held.histogram.aggregation_temporality = temporality
        answer = post(strict, bearer["Authorization"][7:], request, path="/v1/metrics")
        assert answer.status_code < 500, answer.content[:300]
    post(strict, bearer["Authorization"][7:], request_of([("b", tokens(12))]))
    fold_all()
    assert len(calls("event_id")) >= 1
    assert not OtlpBatch.objects.exists()


def test_a_request_that_cannot_be_folded_stops_no_other(strict, bearer):
    """Whatever slips through: it goes to quarantine, with its reason."""
    text = bearer["Authorization"][7:]
    for name in "abc":
        post(strict, text, request_of([(name, tokens(12))]))
    spoilt = OtlpBatch.objects.order_by("pk")[1]
    spoilt.calls = bytes(spoilt.calls).replace(b"\t12\t", b"\t" + b"9" * 30 + b"\t")
    spoilt.save()
    fold_all()
    assert len(calls("event_id")) == 2 and not OtlpBatch.objects.exists()
    [kept] = Quarantined.objects.all()
    assert "the ledger cannot hold it" in kept.reason and f"request {spoilt.pk}" in kept.raw
    assert (
        kept.delivery.rows_read == 3 == kept.delivery.rows_loaded + kept.delivery.rows_quarantined
    )
