"""What counts mean: disjoint classes, whoever tells them."""

from decimal import Decimal
from pathlib import Path
import time

from django.conf import settings
import pytest

from ingest.latency import bucket_of
from ingest.otlp.names import BadNames, built_in, names_of, rows
from ingest.otlp.rows import CALL_COLUMNS, latency_bucket
from ingest.otlp.spans import read_spans
from ingest.otlp.tokens import CLASSES, disjoint
from tests.otlp.spans import request_of


def call(told: dict, scope: str = "test", resource: dict | None = None, own: dict | None = None):
    """The one call of a request as {column: text}, without what is empty."""
    names = names_of(own or {})
    made = read_spans(request_of([("a", told)], resource, scope), names, time.time_ns())
    assert made.rejected == []
    [line] = made.calls
    cells = dict(zip(CALL_COLUMNS, line.split("\t"), strict=True))
    return {name: cell for name, cell in cells.items() if cell not in ("", "\\N")}


def classes(told: dict, scope: str = "test") -> dict[str, int]:
    cells = call(told, scope)
    return {name: int(cells[name]) for name in CLASSES if name in cells}


def test_it_takes_cache_and_reasoning_out_of_what_has_them():
    """OpenTelemetry: input has the cache in it, output the reasoning."""
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.cache_read.input_tokens": 600,
        "gen_ai.usage.cache_creation.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 30,
    }
    assert classes(told) == {
        "input_tokens": 300,
        "cached_input_tokens": 600,
        "cache_write_5m_tokens": 100,
        "output_tokens": 20,
        "reasoning_tokens": 30,
    }


def test_it_reads_openinference_with_its_details():
    told = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "claude-sonnet-4",
        "llm.token_count.prompt": 900,
        "llm.token_count.prompt_details.cache_read": 500,
        "llm.token_count.prompt_details.cache_write": 300,
        "llm.token_count.prompt_details.audio": 40,
        "llm.token_count.completion": 60,
        "llm.token_count.completion_details.reasoning": 60,
        "metadata": '{"feature": "search", "customer_id": 17, "text": "SECRET"}',
        "user.id": "u1",
    }
    scope = "openinference.instrumentation.anthropic"
    assert classes(told, scope) == {
        "input_tokens": 60,
        "cached_input_tokens": 500,
        "cache_write_5m_tokens": 300,
        "audio_input_tokens": 40,
        "output_tokens": 0,
        "reasoning_tokens": 60,
    }
    cells = call(told, scope)
    assert (cells["feature"], cells["customer"], cells["user"]) == ("search", "17", "u1")
    assert "SECRET" not in str(cells)


def test_it_knows_who_leaves_the_cache_out_of_the_input():
    """OpenLLMetry adds Anthropic's cache to the input, OpenLIT hands on the API's number."""
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "anthropic",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.cache_read_input_tokens": 600,
    }
    assert classes(told, "opentelemetry.instrumentation.anthropic")["input_tokens"] == 400
    assert classes(told, "openlit.otel.tracing")["input_tokens"] == 1000


def test_it_never_takes_more_out_than_there_is():
    """Counts that cannot be parts were not in the whole, whatever the instrumentation promises."""
    told = {"input_tokens": 10, "cache_read_tokens": 600, "output_tokens": 5, "reasoning_tokens": 9}
    assert disjoint(told, True) == {
        "input_tokens": 10,
        "cached_input_tokens": 600,
        "output_tokens": 5,
        "reasoning_tokens": 9,
    }
    overlapping = {"input_tokens": 10, "audio_input_tokens": 8, "image_input_tokens": 8}
    assert sum(disjoint(overlapping, True).values()) == 10
    assert disjoint({}, True) == {}


def test_it_splits_cache_writes_by_how_long_they_last():
    told = {"cache_write_tokens": 100, "cache_write_1h_tokens": 30, "input_tokens": 150}
    assert disjoint(told, True) == {
        "cache_write_5m_tokens": 70,
        "cache_write_1h_tokens": 30,
        "input_tokens": 50,
    }


def test_it_reads_mlflow_which_writes_json_into_attributes():
    told = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.llm.model": '"gpt-4o-mini"',
        "mlflow.llm.provider": '"openai"',
        "mlflow.chat.tokenUsage": '{"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}',
        "mlflow.llm.cost": '{"total_cost": 0.000125}',
        "mlflow.spanInputs": '{"messages": "SECRET"}',
    }
    cells = call(told)
    assert (cells["model"], cells["provider"]) == ("gpt-4o-mini", "openai")
    assert (cells["input_tokens"], cells["output_tokens"]) == ("12", "3")
    assert Decimal(cells["reported_cost"]) == Decimal("0.000125")
    assert cells["reported_currency"] == "USD"


def test_it_reads_openllmetry_and_its_association_properties():
    told = {
        "llm.request.type": "chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.usage.prompt_tokens": 20,
        "gen_ai.usage.completion_tokens": 4,
        "traceloop.association.properties.customer_id": "acme",
        "traceloop.workflow.name": "answering",
        "gen_ai.prompt.0.content": "SECRET",
    }
    cells = call(told)
    assert (cells["input_tokens"], cells["output_tokens"]) == ("20", "4")
    assert (cells["customer"], cells["pipeline"]) == ("acme", "answering")
    assert (cells["model"], cells["model_version"]) == ("gpt-4o", "gpt-4o-2024-08-06")


def test_it_takes_what_the_resource_says_unless_the_span_says_otherwise():
    resource = {
        "service.name": "checkout",
        "deployment.environment.name": "prod",
        "aicost.team": "shop",
        "aicost.feature": "none",
    }
    told = {"gen_ai.operation.name": "chat", "aicost.feature": "search"}
    cells = call(told, resource=resource)
    named = {name: cells[name] for name in ("workload", "environment", "team", "feature")}
    assert named == {
        "workload": "checkout",
        "environment": "prod",
        "team": "shop",
        "feature": "search",
    }


def test_it_takes_a_source_s_own_names_first():
    told = {"gen_ai.operation.name": "chat", "aicost.team": "a", "my.squad": "b"}
    assert call(told, own={"my.squad": "team"})["team"] == "b"
    with pytest.raises(BadNames, match="no field squad"):
        names_of({"my.squad": "squad"})


def test_it_knows_calls_by_their_kind():
    """Agents, chains and tools repeat the tokens of their calls; a kind nobody knows counts if it
    tells a model and tokens."""
    told = {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 1}
    kinds = [
        ({"gen_ai.operation.name": "chat"}, 1),
        ({"gen_ai.operation.name": "something_new"}, 1),
        ({}, 1),
        ({"gen_ai.operation.name": "invoke_agent"}, 0),
        ({"openinference.span.kind": "CHAIN"}, 0),
        ({"traceloop.span.kind": "workflow"}, 0),
        ({"mlflow.spanType": '"AGENT"'}, 0),
        ({"openinference.span.kind": "LLM"}, 1),
    ]
    for kind, expected in kinds:
        request = request_of([("a", {**told, **kind})])
        assert len(read_spans(request, built_in(), time.time_ns()).calls) == expected, kind


def test_it_puts_latencies_into_the_same_buckets_as_files_do():
    for milliseconds in (
        "0",
        "0.0000005",
        "0.001",
        "1",
        "1.1892071",
        "1.1892072",
        "800",
        "3600000",
    ):
        nanoseconds = int(Decimal(milliseconds) * 10**6)
        exact = Decimal(nanoseconds) / 10**6
        assert latency_bucket(nanoseconds) == bucket_of(exact), milliseconds
    for bucket in range(-30, 120, 7):
        for nanoseconds in (int(2 ** (bucket / 4) * 10**6) + n for n in (-1, 0, 1, 2)):
            assert latency_bucket(nanoseconds) == bucket_of(Decimal(nanoseconds) / 10**6)
    assert latency_bucket(-1) is None


def test_it_documents_every_attribute_metric_and_kind():
    page = (Path(settings.BASE_DIR) / "docs" / "sources" / "otlp.md").read_text(encoding="utf-8")
    named = [row["attribute"] for table in ("attributes", "kinds") for row in rows(table)]
    named += [row["metric"] for row in rows("metrics")]
    assert [name for name in named if f"`{name}`" not in page] == []
