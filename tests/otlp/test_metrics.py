"""Metric points into the ledger: what was added since, and nothing twice."""

import time

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
import pytest

from ingest.models import MetricSeries
from tests.otlp.spans import fold_all, post, rows, set_attributes, token

pytestmark = pytest.mark.django_db

DELTA, CUMULATIVE = 1, 2
MINUTE = 60 * 10**9
SUMS = "select sum(input_tokens), sum(cached_input_tokens), sum(output_tokens) from ingest_usage"


def counters(at: int, start: int, temporality: int = CUMULATIVE, **values: float):
    """vLLM's counters as a Collector pushes them; `_` stands for the name's colon."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    set_attributes(resource.resource, {"service.name": "llm"})
    metrics = resource.scope_metrics.add().metrics
    for name, value in values.items():
        metric = metrics.add(name=name.replace("vllm_", "vllm:"))
        metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, temporality
        point = metric.sum.data_points.add(start_time_unix_nano=start, time_unix_nano=at)
        set_attributes(point, {"model_name": "llama-3-70b", "engine": "0"})
        point.as_double = value
    return request


def test_it_counts_what_a_cumulative_counter_added_through_restarts_and_retries(client):
    text, now = token(), time.time_ns() - 30 * MINUTE
    start = now - 10 * MINUTE

    def told(minute: int, prompt: int, cached: int, generated: int, began: int = start) -> None:
        request = counters(
            now + minute * MINUTE, began, vllm_prompt_tokens_total=prompt,
            vllm_prompt_tokens_cached_total=cached, vllm_generation_tokens_total=generated,
        )  # fmt: skip
        assert post(client, text, request, "/v1/metrics").status_code == 200
        fold_all()

    told(0, 1000, 400, 50)
    assert rows(SUMS) == [(600, 400, 50)]
    told(1, 1500, 500, 80)
    told(1, 1500, 500, 80)
    told(0, 1000, 400, 50)
    assert rows(SUMS) == [(1000, 500, 80)]
    told(2, 30, 10, 5, now + MINUTE)
    assert rows(SUMS) == [(1020, 510, 85)]
    assert rows("select distinct model, provider, workload from ingest_usage") == [
        ("llama-3-70b", "vllm", "llm")
    ]
    assert MetricSeries.objects.count() == 3


def test_it_does_not_date_what_was_counted_before_it_knew_the_series(client):
    text, now = token(), time.time_ns() - 10 * MINUTE
    began = now - 3 * 1440 * MINUTE
    for minute, prompt in ((0, 9_000_000), (1, 9_000_100)):
        request = counters(now + minute * MINUTE, began, vllm_prompt_tokens_total=prompt)
        post(client, text, request, "/v1/metrics")
        fold_all()
    assert rows(SUMS) == [(100, None, None)]


def test_it_adds_deltas_once(client):
    text, now = token(), time.time_ns() - MINUTE
    request = counters(now, now - MINUTE, DELTA, vllm_prompt_tokens_total=70)
    for _ in range(2):
        post(client, text, request, "/v1/metrics")
        fold_all()
    assert rows(SUMS) == [(70, None, None)]


def test_it_rejects_points_that_cannot_count_and_ignores_others(client):
    now = time.time_ns() - MINUTE
    request = counters(
        now, now - MINUTE, DELTA,
        vllm_prompt_tokens_total=float("nan"), vllm_generation_tokens_total=-1.0, cpu_seconds=5.0,
    )  # fmt: skip
    gauge = request.resource_metrics[0].scope_metrics[0].metrics.add(name="vllm:prompt_tokens")
    gauge.gauge.data_points.add(time_unix_nano=now).as_int = 5
    answer = post(client, token(), request, "/v1/metrics")
    told = ExportMetricsServiceResponse.FromString(answer.content).partial_success
    assert told.rejected_data_points == 3
    assert "a counter or a histogram is needed" in told.error_message
    fold_all()
    assert rows("select count(*) from ingest_usage") == [(0,)]
