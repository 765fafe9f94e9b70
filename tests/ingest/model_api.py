"""A provider's administration API on this machine, for the tests of model APIs."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from urllib.parse import parse_qs, urlsplit

from aicost.kernel.periods import utc_today
from attribution.models import AllocatedCharge
from ingest.connect import configure
from ingest.models import Charge, Source, Usage

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
            "amount": {"value": json.loads(amount), "currency": "usd"},
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


def money() -> dict[tuple, Decimal]:
    """Effective cost by (kind, state, feature, team, workload)."""
    found: dict[tuple, Decimal] = {}
    for part in AllocatedCharge.objects.select_related("target"):
        t = part.target
        key = (t.kind, t.state, t.feature, t.team, t.workload)
        found[key] = found.get(key, Decimal(0)) + part.effective_cost
    return {key: cost.normalize() for key, cost in found.items()}
