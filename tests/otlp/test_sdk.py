"""The real OpenTelemetry SDK and real instrumentations, exporting to a live server of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json

from openai import OpenAI
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInference
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor as OpenTelemetry
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
import pytest

from ingest.models import Source
from ingest.otlp.fold import settle
from tests.otlp.spans import calls, fold_all, rows, token
from tests.served import serving

pytestmark = pytest.mark.django_db(transaction=True)

USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 60,
    "total_tokens": 1060,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
CALL = ("model", "model_version", "workload", "feature", "status", "requests", "input_tokens",
        "cached_input_tokens", "output_tokens", "reasoning_tokens")  # fmt: skip


class FakeOpenAI(BaseHTTPRequestHandler):
    """Answers chat completions as OpenAI does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "SECRET ANSWER"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        told = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "usage": USAGE}
        body = json.dumps({**told, "model": "gpt-4o-2024-08-06", "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Say nothing."""


@pytest.fixture
def openai() -> Iterator[OpenAI]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeOpenAI)
    with serving(server) as url:
        yield OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0)


@contextmanager
def sdk(server, text: str) -> Iterator[tuple[TracerProvider, MeterProvider]]:
    resource = Resource.create({"service.name": "shop", "aicost.feature": "search"})
    headers = {"Authorization": f"Bearer {text}"}
    traces, metrics = (f"{server.url}/v1/{signal}" for signal in ("traces", "metrics"))
    tracing = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(traces, headers=headers, compression=Compression.Gzip)
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(metrics, headers=headers), export_interval_millis=3_600_000
    )
    metering = MeterProvider(resource=resource, metric_readers=[reader])
    yield tracing, metering
    metering.shutdown()
    tracing.shutdown()


def ask(client: OpenAI) -> None:
    question = [{"role": "user", "content": "SECRET QUESTION"}]
    client.chat.completions.create(model="gpt-4o", messages=question)


@contextmanager
def instrumented(*instrumentors, **providers) -> Iterator[None]:
    for one in instrumentors:
        one.instrument(**providers)
    try:
        yield
    finally:
        for one in reversed(instrumentors):
            one.uninstrument()


def test_it_counts_a_call_of_opentelemetry_s_instrumentation(live_server, openai):
    with sdk(live_server, token()) as (tracing, metering):
        with instrumented(OpenTelemetry(), tracer_provider=tracing, meter_provider=metering):
            ask(openai)
        metering.force_flush()
    fold_all()
    [call] = calls(*CALL)
    assert call[:6] == ("gpt-4o", "gpt-4o-2024-08-06", "shop", "search", "ok", 1)
    told = sum(count or 0 for count in call[6:])
    assert told == USAGE["total_tokens"]
    assert rows("select count(*) from ingest_tracedservice where service = 'shop'") == [(1,)]
    assert rows("select jsonb_typeof(latency_histogram) from ingest_usage") == [("object",)]


def test_it_counts_a_call_of_openinference_s_instrumentation(live_server, openai):
    said = using_attributes(user_id="u1", metadata={"customer": "acme", "x": "SECRET"})
    with sdk(live_server, token()) as (tracing, _), said:
        inference = instrumented(OpenInference(), tracer_provider=tracing)
        with inference:
            ask(openai)
    fold_all()
    [call] = calls(*CALL, "customer", '"user"')
    named = (call[0], *call[2:6])
    assert named == ("gpt-4o", "shop", "search", "ok", 1) or call[0].startswith("gpt-4o")
    assert call[6:] == (600, 400, 40, 20, "acme", "u1")


def test_it_counts_a_call_once_that_two_instrumentations_tell(live_server, openai):
    """One wraps the other: the outer span repeats the inner one's tokens."""
    with sdk(live_server, token()) as (tracing, metering):
        both = (OpenTelemetry(), OpenInference())
        with instrumented(*both, tracer_provider=tracing, meter_provider=metering):
            ask(openai)
            ask(openai)
    fold_all()
    settle(Source.objects.get(), 0)
    assert rows("select sum(requests) from ingest_usageday") == [(2,)]
    assert rows("select count(*) from ingest_usagerepeated") == [(2,)]


def test_it_takes_metrics_of_a_service_that_sends_no_spans(live_server, openai):
    """And drops them when the service's calls come as spans after all."""
    with sdk(live_server, token()) as (tracing, metering):
        with instrumented(OpenTelemetry(), meter_provider=metering):
            ask(openai)
            ask(openai)
        metering.force_flush()
        fold_all()
        sums = "select sum(requests), sum(input_tokens), sum(output_tokens) from ingest_usage"
        assert rows(sums) == [(2, 2000, 120)]
        timed = (
            "select sum(number::int) from ingest_usageday,"
            " jsonb_each_text(latency_histogram) each (bucket, number)"
        )
        assert rows(timed) == [(2,)]
        with instrumented(OpenTelemetry(), tracer_provider=tracing, meter_provider=metering):
            ask(openai)
        metering.force_flush()
    fold_all()
    assert rows("select sum(requests) from ingest_usage") == [(1,)]
    settle(Source.objects.get(), 0)
    assert rows("select sum(requests) from ingest_usageday") == [(1,)]
