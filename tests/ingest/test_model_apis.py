"""OpenAI and Anthropic at the wire: reports that page, ask to wait, break off and restate."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from aicost.kernel.periods import month_start, utc_today
from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from ingest.connect import check_source, configure
from ingest.models import Charge, Delivery, Source, SourceRun, Usage
from ingest.run_source import run_source
from tests.attribution.ledger import stands

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
        status, headers, body = self.server.answer(
            parts.path, parse_qs(parts.query), self.headers
        )
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
        costs(("proj-1", "gpt-6, input", "0.1", "60"), ("proj-1", "gpt-6, cached input", "0.02", "40"))
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
