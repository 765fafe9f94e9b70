"""OpenAI and Anthropic at the wire: reports that page, ask to wait, break off and restate."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from aicost.kernel.periods import Period, utc_today
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.models import AllocatedCharge
from attribution.reports import run as run_report
from attribution.reports.spec import Asker, Spec
from ingest.connect import check_source, configure
from ingest.load import load
from ingest.models import Charge, Delivery, Source, SourceRun, Usage
from ingest.run_source import run_source

KEY = "sk-admin-1"
BUCKETS_A_PAGE = 2


def unix(day: date, hour: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


class Provider(ThreadingHTTPServer):
    """A provider's administration API. `reports` maps a path to buckets, in order of time; they
    are told two a page. `before` is called with every path that is asked for and may return an
    answer (status, headers, body) instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reports: dict[str, list[dict]] = {}
        self.lists: dict[str, list[dict]] = {}
        self.before: Callable[[str, dict], tuple | None] = lambda path, query: None
        self.asked: list[tuple[str, dict]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, query: dict, headers) -> tuple[int, dict, bytes]:
        self.asked.append((path, query))
        told = self.before(path, query)
        if told:
            return told
        if KEY not in (headers.get("Authorization") or "") + (headers.get("x-api-key") or ""):
            return 401, {}, b'{"error": {"message": "incorrect key"}}'
        if path == "/v1/organizations/me":
            return 200, {}, b'{"id": "org-7", "type": "organization", "name": "Acme"}'
        if path in self.lists:
            return 200, {}, json.dumps({"data": self.lists[path], "has_more": False}).encode()
        first = int(query.get("page", ["0"])[0].removeprefix("page-"))
        found = [one for one in self.reports.get(path, []) if self._asked_for(one, query)]
        page = found[first : first + BUCKETS_A_PAGE]
        rest = first + BUCKETS_A_PAGE < len(found)
        more = {"has_more": rest, "next_page": f"page-{first + BUCKETS_A_PAGE}" if rest else None}
        # As text, so that a test decides how a number is written.
        data = ", ".join(one if isinstance(one, str) else json.dumps(one) for one in page)
        return 200, {}, f'{{"object": "page", "data": [{data}], {json.dumps(more)[1:]}'.encode()

    def _asked_for(self, bucket: dict, query: dict) -> bool:
        start = query.get("start_time") or query["starting_at"]
        end = query.get("end_time") or query.get("ending_at") or ["9999999999"]
        told = bucket.get("start_time") or bucket["starting_at"]
        return _seconds(start[0]) <= _seconds(told) < _seconds(end[0])


def _seconds(told) -> int:
    text = str(told)
    return int(text) if text.isdecimal() else int(datetime.fromisoformat(text).timestamp())


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        status, headers, body = self.server.answer(parts.path, parse_qs(parts.query), self.headers)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def provider():
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


TODAY = utc_today()
DAY = TODAY - timedelta(days=2)
COMPLETIONS = "/v1/organization/usage/completions"
COSTS = "/v1/organization/costs"


def openai(server: Provider, **values) -> Source:
    given = {"key": KEY, "start": (DAY - timedelta(days=2)).isoformat(), "base_url": server.url}
    return configure("openai", "openai", {**given, **values})


def hour(at: int, *results: dict, day: date = DAY) -> dict:
    told = {"start_time": unix(day, at), "end_time": unix(day, at) + 3600, "object": "bucket"}
    return {**told, "results": list(results)}


def used(project: str, model: str = "gpt-6", **counts) -> dict:
    return {
        "object": "organization.usage.completions.result",
        "project_id": project,
        "api_key_id": f"key-{project}",
        "user_id": None,
        "model": model,
        "batch": False,
        "service_tier": "default",
        "num_model_requests": 1,
        "input_tokens": 0,
        "output_tokens": 0,
        **counts,
    }


def costs(*results: tuple[str, str, str, str], day: date = DAY) -> dict:
    """(project, line item, amount, tokens) each."""
    told = [
        {
            "object": "organization.costs.result",
            "amount": {"value": float(amount), "currency": "usd"},
            "line_item": item,
            "project_id": project,
            "api_key_id": None,
            "quantity": int(quantity),
            "quantity_unit": "tokens",
        }
        for project, item, amount, quantity in results
    ]
    return {
        "object": "bucket",
        "start_time": unix(day),
        "end_time": unix(day) + 86400,
        "results": told,
    }


def counted() -> list[tuple]:
    """What stands of usage: (day, hour, team, model, input, cached, output, requests)."""
    return [
        (
            u.hour.date(),
            u.hour.hour,
            u.team,
            u.model,
            u.input_tokens,
            u.cached_input_tokens,
            u.output_tokens,
            u.requests,
        )
        for u in Usage.objects.order_by("hour", "team", "model")
    ]


def billed() -> list[tuple]:
    found = Charge.objects.select_related("series").order_by("day", "series__sku_meter", "pk")
    return [(c.day, c.series.sku_meter, f"{c.billed_cost.normalize():f}") for c in found]


@pytest.mark.django_db(transaction=True)
def test_it_reads_openai_page_by_page_and_the_second_run_changes_nothing(provider, home):
    provider.lists["/v1/organization/projects"] = [{"id": "proj-1", "name": "Search"}]
    provider.reports[COMPLETIONS] = [
        hour(3, used("proj-1", input_tokens=100, input_cached_tokens=40, output_tokens=7)),
        hour(4, used("proj-1", input_tokens=10), used("proj-2", input_tokens=5)),
        hour(5),
        hour(0, used("proj-1", input_tokens=1), day=TODAY),
    ]
    provider.reports[COSTS] = [
        costs(
            ("proj-1", "gpt-6, input", "0.1", "60"), ("proj-1", "gpt-6, cached input", "0.02", "40")
        )
    ]
    source = openai(provider)
    assert all(check.ok for check in check_source(source))

    first = run_source(source)
    stood, deliveries = (counted(), billed()), Delivery.objects.count()
    source.refresh_from_db()
    again = run_source(source)

    assert (first.state, again.state) == (SourceRun.DONE, SourceRun.DONE)
    assert stood[0] == [
        (DAY, 3, "Search", "gpt-6", 60, 40, 7, 1),
        (DAY, 4, "Search", "gpt-6", 10, 0, 0, 1),
        (DAY, 4, "proj-2", "gpt-6", 5, 0, 0, 1),
        (TODAY, 0, "Search", "gpt-6", 1, 0, 0, 1),
    ]
    assert stood[1] == [(DAY, "gpt-6, cached input", "0.02"), (DAY, "gpt-6, input", "0.1")]
    assert (counted(), billed()) == stood
    assert again.published == 0
    assert Delivery.objects.count() == deliveries


@pytest.mark.django_db(transaction=True)
def test_it_waits_when_asked_and_a_report_that_breaks_off_leaves_what_stood(provider, home):
    provider.reports[COMPLETIONS] = [hour(n, used("p", input_tokens=n)) for n in range(1, 6)]
    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "1", "15"))]
    source = openai(provider)
    run_source(source)
    stood = (counted(), billed())

    waits = iter([(429, {"Retry-After": "0"}, b"slow down")] * 2)
    provider.reports[COMPLETIONS].append(hour(7, used("p", input_tokens=70)))
    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "2", "85"))]

    def broken_on_its_third_page(path, query):
        if path == COMPLETIONS and query.get("page") == ["page-4"]:
            return 200, {}, b'{"data": [{"start_time": 17'
        return next(waits, None) if path == COMPLETIONS else None

    provider.before = broken_on_its_third_page
    failed = run_source(source)
    assert failed.state == SourceRun.FAILED
    assert "usage/completions answers no JSON" in failed.message
    assert KEY not in failed.message + failed.cure
    assert (counted(), billed()) == stood
    assert next(waits, None) is None, "both refusals were waited out"

    provider.before = lambda path, query: None
    assert run_source(source).state == SourceRun.DONE
    assert sum(row[4] for row in counted()) == 1 + 2 + 3 + 4 + 5 + 70
    assert billed() == [(DAY, "gpt-6, input", "2")]


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_the_last_complete_week(provider, home):
    old = TODAY - timedelta(days=20)
    weeks = [old + timedelta(days=7 * n) for n in range(3)]
    provider.reports[COMPLETIONS] = [
        hour(1, used("p", input_tokens=n), day=day) for n, day in enumerate(weeks, start=1)
    ]
    source = openai(provider, start=old.isoformat(), reads="usage", poll_days="2")

    def forbidden_in_the_third_week(path, query):
        is_late = int(query.get("start_time", ["0"])[0]) >= unix(weeks[2])
        return (403, {}, b"missing scope") if path == COMPLETIONS and is_late else None

    provider.before = forbidden_in_the_third_week
    run = run_source(source)
    assert (run.state, run.published) == (SourceRun.FAILED, 2)
    assert "api.usage.read" in run.cure
    assert [row[4] for row in counted()] == [1, 2]

    provider.before, provider.asked = lambda path, query: None, []
    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert [row[4] for row in counted()] == [1, 2, 3]
    first = next(query for path, query in provider.asked if path == COMPLETIONS)
    assert first["start_time"] == [str(unix(weeks[2] - timedelta(days=2)))]


@pytest.mark.django_db(transaction=True)
def test_a_restated_bucket_replaces_what_it_said_and_what_it_no_longer_says(provider, home):
    other = DAY - timedelta(days=1)
    provider.reports[COMPLETIONS] = [
        hour(3, used("p", input_tokens=5), day=other),
        hour(3, used("p", input_tokens=100), used(None, input_tokens=20)),
    ]
    provider.reports[COSTS] = [
        costs(("p", "gpt-6, input", "1", "5"), day=other),
        costs(("p", "gpt-6, input", "10", "120")),
    ]
    source = openai(provider)
    run_source(source)
    untouched = Usage.objects.get(input_tokens=5).pk, Charge.objects.get(day=other).pk

    provider.reports[COMPLETIONS][1] = hour(3, used("p", input_tokens=130))
    provider.reports[COSTS][1] = costs(("p", "gpt-6, input", "10.5", "130"))
    run = run_source(source)

    assert run.published == 2, "the changed day and the month of costs"
    assert counted() == [
        (other, 3, "p", "gpt-6", 5, 0, 0, 1),
        (DAY, 3, "p", "gpt-6", 130, 0, 0, 1),
    ]
    assert [cost for _, _, cost in billed()] == ["1", "10.5"]
    assert untouched == (Usage.objects.get(input_tokens=5).pk, Charge.objects.get(day=other).pk)


@pytest.mark.django_db(transaction=True)
def test_it_asks_for_less_detail_where_an_organization_may_not_have_it(provider, home):
    provider.reports[COMPLETIONS] = [hour(3, used("p", input_tokens=5))]
    provider.before = lambda path, query: (
        (400, {}, b"unsupported group_by")
        if "service_tier" in query.get("group_by[]", [])
        else None
    )
    assert run_source(openai(provider)).state == SourceRun.DONE
    assert [row[4] for row in counted()] == [5]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_it_says_in_words_what_a_key_lacks(provider, home, vendor):
    given = {"key": "sk-project-1", "start": DAY.isoformat(), "base_url": provider.url}
    checks = check_source(configure("shop", vendor, given))
    assert any("admin key" in check.cure for check in checks if not check.ok)
    assert "sk-project-1" not in " ".join(check.what + check.cure for check in checks)


def claude(server: Provider) -> Source:
    given = {"key": KEY, "start": DAY.isoformat(), "base_url": server.url}
    return configure("claude", "anthropic", given)


def iso(day: date, at: int = 0) -> str:
    return f"{day}T{at:02}:00:00Z"


def call(number: int, feature: str, tokens: dict, model: str = "claude-opus-5") -> str:
    """A line of LiteLLM's log."""
    told = {
        "report": "litellm_logs",
        "request_id": f"call-{feature}-{number}",
        "call_type": "acompletion",
        "spend": "0.5",
        "prompt_tokens": tokens["in"],
        "completion_tokens": tokens["out"],
        "startTime": f"{DAY}T09:00:00",
        "model": model,
        "custom_llm_provider": "anthropic" if "claude" in model else "openai",
        "request_tags": [f"feature:{feature}"],
        "status": "success",
        "metadata": {"usage_object": tokens.get("object", {})},
    }
    return json.dumps(told) + "\n"


def anthropic_reports(server: Provider) -> None:
    """On one day: 1,000 tokens in and 300 out, and a search, for $6 and $9 and $0.10."""
    server.lists["/v1/organizations/workspaces"] = [{"id": "ws-1", "name": "Assistants"}]
    server.lists["/v1/organizations/api_keys"] = [{"id": "key-1", "name": "chat-prod"}]
    result = {
        "workspace_id": "ws-1",
        "api_key_id": "key-1",
        "model": "claude-opus-5",
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "not_available",
        "uncached_input_tokens": 1000,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 300,
        "server_tool_use": {"web_search_requests": 10},
    }
    server.reports["/v1/organizations/usage_report/messages"] = [
        {"starting_at": iso(DAY, 9), "ending_at": iso(DAY, 10), "results": [result]}
    ]
    tokens = {"cost_type": "tokens", "model": "claude-opus-5", "service_tier": "standard"}
    told = (
        ("600", "Claude Opus 5 Usage - Uncached Input Tokens", "uncached_input_tokens", tokens),
        ("900", "Claude Opus 5 Usage - Output Tokens", "output_tokens", tokens),
        ("10", "Web Search Usage", None, {"cost_type": "web_search", "model": None}),
    )
    server.reports["/v1/organizations/cost_report"] = [
        {
            "starting_at": iso(DAY),
            "ending_at": iso(DAY + timedelta(days=1)),
            "results": [
                {
                    "amount": amount,
                    "currency": "USD",
                    "workspace_id": "ws-1",
                    "description": description,
                    "token_type": kind,
                    **more,
                }
                for amount, description, kind, more in told
            ],
        }
    ]


@pytest.mark.django_db(transaction=True)
def test_a_providers_count_weighs_until_a_log_of_calls_covers_the_model(provider, home, tmp_path):
    anthropic_reports(provider)
    assert run_source(claude(provider)).state == SourceRun.DONE
    attribute()
    assert money() == {
        ("workload", "active", "", "Assistants", "chat-prod"): Decimal("15"),
        ("workload", "active", "", "Assistants", ""): Decimal("0.1"),
    }

    # The gateway saw 800 of 1,000 tokens in, and 300 out, of which 120 were thoughts.
    thoughts = {"completion_tokens_details": {"reasoning_tokens": 120}}
    log = tmp_path / "calls.jsonl"
    log.write_text(
        call(1, "search", {"in": 600, "out": 200, "object": thoughts})
        + call(2, "chat", {"in": 200, "out": 100})
    )
    load([log], "gateway")
    attribute()

    assert money() == {
        ("workload", "active", "search", "Assistants", ""): Decimal("3.6") + Decimal("6"),
        ("workload", "active", "chat", "Assistants", ""): Decimal("1.2") + Decimal("3"),
        ("unattributed", "unmetered", "", "Assistants", ""): Decimal("1.2"),
        ("workload", "active", "", "Assistants", ""): Decimal("0.1"),
    }
    period, everyone = Period(DAY, DAY + timedelta(days=1)), Asker(role="admin")
    answer = run_report(Spec("unit_cost", period, everyone, group_by=("model",)))
    assert [row["requests"] for row in answer.rows if row["model"] == "claude-opus-5"] == [2]
    assert is_clean(audit())


def money() -> dict[tuple, Decimal]:
    """Effective cost by (kind, state, feature, team, workload)."""
    found: dict[tuple, Decimal] = {}
    for part in AllocatedCharge.objects.select_related("target"):
        t = part.target
        key = (t.kind, t.state, t.feature, t.team, t.workload)
        found[key] = found.get(key, Decimal(0)) + part.effective_cost
    return {key: cost.normalize() for key, cost in found.items()}


@pytest.mark.django_db(transaction=True)
def test_billed_tokens_are_compared_over_all_projects_of_a_bill(provider, home, tmp_path):
    """Two projects are billed 100 tokens each, the gateway saw 100: half of each is unmetered."""
    provider.reports[COSTS] = [
        costs(("p-1", "gpt-6, input", "4", "100"), ("p-2", "gpt-6, input", "6", "100"))
    ]
    run_source(openai(provider, reads="costs", place_is="none"))
    log = tmp_path / "calls.jsonl"
    log.write_text(call(1, "search", {"in": 100, "out": 0}, "gpt-6"))
    load([log], "gateway")
    attribute()
    assert money() == {
        ("workload", "active", "search", "", ""): Decimal("5"),
        ("unattributed", "unmetered", "", "", ""): Decimal("5"),
    }
    assert is_clean(audit())


@pytest.mark.django_db(transaction=True)
def test_a_source_holds_one_count_of_its_calls(provider, home, tmp_path):
    provider.reports[COMPLETIONS] = [hour(3, used("p", input_tokens=5))]
    source = openai(provider)
    run_source(source)
    log = tmp_path / "calls.jsonl"
    log.write_text(call(1, "search", {"in": 100, "out": 0}))
    [result] = load([log], source.name)
    assert result.state == Delivery.HELD
    assert "holds the provider's count" in result.message
    assert [row[4] for row in counted()] == [5]


@pytest.mark.django_db(transaction=True)
def test_a_cost_that_is_no_number_holds_its_month_and_is_asked_for_again(provider, home):
    bad = costs(("p", "gpt-6, input", "1", "5"))
    bad["results"][0]["amount"]["value"] = None
    provider.reports[COSTS] = [bad]
    source = openai(provider, reads="costs")
    held = run_source(source)
    assert held.state == SourceRun.HELD
    assert "line 1" in held.message
    assert billed() == []

    provider.reports[COSTS] = [costs(("p", "gpt-6, input", "1", "5"))]
    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert billed() == [(DAY, "gpt-6, input", "1")]
