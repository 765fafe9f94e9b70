"""LiteLLM's spend logs: its table in a Postgres of its own, and its proxy's API at the wire."""

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from urllib.parse import parse_qs, urlsplit

from django.db import connection
import psycopg
from psycopg import sql
import pytest

from aicost.kernel.periods import utc_now
from ingest.connect import check_source, configure
from ingest.fetch import litellm
from ingest.models import SourceFile, SourceRun, Usage
from ingest.run_source import run_source
from tests.served import serving

# As the proxy's own schema makes it.
SCHEMA = """
create table "LiteLLM_SpendLogs" (
    "request_id" text not null,
    "call_type" text not null,
    "api_key" text not null default '',
    "spend" double precision not null default 0.0,
    "total_tokens" integer not null default 0,
    "prompt_tokens" integer not null default 0,
    "completion_tokens" integer not null default 0,
    "startTime" timestamp(3) not null,
    "endTime" timestamp(3) not null,
    "request_duration_ms" integer,
    "completionStartTime" timestamp(3),
    "model" text not null default '',
    "model_id" text default '',
    "model_group" text default '',
    "custom_llm_provider" text default '',
    "api_base" text default '',
    "user" text default '',
    "metadata" jsonb default '{}',
    "cache_hit" text default '',
    "cache_key" text default '',
    "request_tags" jsonb default '[]',
    "team_id" text,
    "organization_id" text,
    "end_user" text,
    "requester_ip_address" text,
    "messages" jsonb default '{}',
    "response" jsonb default '{}',
    "session_id" text,
    "status" text,
    "mcp_namespaced_tool_name" text,
    "agent_id" text,
    "proxy_server_request" jsonb default '{}',
    constraint "LiteLLM_SpendLogs_pkey" primary key ("request_id")
);
create index on "LiteLLM_SpendLogs" ("startTime", "request_id");
"""
NOW = utc_now().replace(microsecond=0)
YESTERDAY = (NOW - timedelta(days=1)).replace(hour=9, minute=0, second=0)
SECRET = "what is our secret"


def row(number: int, at: datetime = YESTERDAY, **more) -> dict:
    """A call as the proxy logs it: 100 tokens in, 40 of them cached, and 10 out."""
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 40},
    }
    metadata = {"usage_object": usage, "user_api_key_team_alias": "Search", "messages": SECRET}
    return {
        "request_id": f"call-{number:05}",
        "call_type": "acompletion",
        "spend": 0.1 + 0.2,
        "total_tokens": 110,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "startTime": at,
        "endTime": at + timedelta(milliseconds=900),
        "model": "openai/gpt-6",
        "custom_llm_provider": "openai",
        "metadata": metadata,
        "request_tags": ["feature:search"],
        "end_user": "customer-1",
        "messages": [{"role": "user", "content": SECRET}],
        "response": {"text": SECRET},
        "proxy_server_request": {"body": SECRET},
        "status": "success",
        **more,
    }


class Gateway:
    """The proxy's database, with a user that may read nothing but its log."""

    def __init__(self, admin: dict) -> None:
        self.admin = admin
        self.name, self.reader = "litellm_of_test", "litellm_reader_of_test"

    def make(self) -> None:
        self.remove()
        self.run(f'create database "{self.name}"', None)
        self.run(f"create role {self.reader} login password 'p%40ss'", None)
        self.run(SCHEMA)
        self.allow()

    def allow(self) -> None:
        self.run(f'grant select on "LiteLLM_SpendLogs" to {self.reader}')

    def remove(self) -> None:
        self.run(f'drop database if exists "{self.name}" with (force)', None)
        self.run(f"drop role if exists {self.reader}", None)

    def run(self, query: str, database: str | None = "", values=None) -> None:
        into = self.name if database == "" else "postgres"
        with psycopg.connect(**{**self.admin, "dbname": into}, autocommit=True) as opened:
            opened.execute(query, values)

    def log(self, *rows: dict) -> None:
        for told in rows:
            names = sql.SQL(", ").join(map(sql.Identifier, told))
            marks = sql.SQL(", ").join(sql.Placeholder() * len(told))
            values = [
                json.dumps(v) if isinstance(v, dict | list) else v.replace(tzinfo=None)
                if isinstance(v, datetime) else v
                for v in told.values()
            ]  # fmt: skip
            query = sql.SQL(
                'insert into "LiteLLM_SpendLogs" ({}) values ({}) on conflict (request_id)'
                " do update set spend = excluded.spend"
            ).format(names, marks)
            self.run(query, values=values)

    def dsn(self, password: str = "p%40ss") -> str:
        host = self.admin.get("host") or ""
        user = f"{self.reader}:{password.replace('%', '%25')}"
        where = f"?host={host}" if host.startswith("/") else ""
        at = "" if where else f"{host}:{self.admin.get('port') or 5432}"
        return f"postgresql://{user}@{at}/{self.name}{where}"


@pytest.fixture
def gateway(transactional_db):
    told = connection.get_connection_params()
    admin = {k: told[k] for k in ("host", "port", "user", "password") if told.get(k)}
    made = Gateway(admin)
    made.make()
    yield made
    made.remove()


def connected(gateway: Gateway, **values):
    start = (YESTERDAY - timedelta(days=1)).date().isoformat()
    return configure("gateway", "litellm_db", {"dsn": gateway.dsn(), "start": start, **values})


def stand() -> list[tuple]:
    return list(
        Usage.objects.order_by("event_id").values_list(
            "event_id", "time", "team", "feature", "customer", "model", "input_tokens",
            "cached_input_tokens", "output_tokens",
        )
    )  # fmt: skip


def kept_bytes(home) -> bytes:
    return b"".join(
        (home / "files" / kept).read_bytes()
        for kept in SourceFile.objects.values_list("kept_as", flat=True)
    )


def test_it_reads_the_table_page_by_page_and_never_what_was_said(gateway, home, monkeypatch):
    monkeypatch.setattr(litellm, "ROWS_A_PAGE", 3)
    monkeypatch.setattr(litellm, "ROWS_A_FILE", 5)
    # Many calls share a start, so that a page ends within them.
    gateway.log(*(row(n, YESTERDAY + timedelta(minutes=n // 4)) for n in range(11)))
    source = connected(gateway)
    assert all(check.ok for check in check_source(source))

    run = run_source(source)
    assert (run.state, run.sets, run.rows) == (SourceRun.DONE, 3, 11)
    stood = stand()
    assert [told[0] for told in stood] == [f"call-{n:05}" for n in range(11)]
    assert stood[0][1:] == (YESTERDAY, "Search", "search", "customer-1", "gpt-6", 60, 40, 10)
    assert str(Usage.objects.first().reported_cost.normalize()) == "0.30000000000000004"
    assert SECRET.encode() not in kept_bytes(home)

    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert stand() == stood


def test_it_finds_late_calls_and_changed_ones_and_no_others(gateway, home):
    gateway.log(row(1), row(2, YESTERDAY + timedelta(hours=3)))
    source = connected(gateway)
    run_source(source)
    first = dict(Usage.objects.values_list("event_id", "pk"))

    # Logged after the run, begun before: within the hours asked again, and long before them.
    gateway.log(row(3, YESTERDAY + timedelta(hours=1)), row(4, YESTERDAY - timedelta(hours=9)))
    gateway.log(row(2, YESTERDAY + timedelta(hours=3), spend=0.7))
    source.refresh_from_db()
    run_source(source)

    now = {u.event_id: u for u in Usage.objects.all()}
    assert sorted(now) == ["call-00001", "call-00002", "call-00003"]
    assert now["call-00001"].pk == first["call-00001"]
    assert str(now["call-00002"].reported_cost.normalize()) == "0.7"


def test_an_older_table_is_read_as_far_as_it_goes(gateway, home):
    for name in ("status", "request_duration_ms", "model_group", "end_user"):
        gateway.run(f'alter table "LiteLLM_SpendLogs" drop column "{name}"')
    gateway.run('alter table "LiteLLM_SpendLogs" alter "startTime" type timestamptz')
    told = {k: v for k, v in row(1).items() if k not in ("status", "end_user")}
    gateway.log(told)
    gateway.run('update "LiteLLM_SpendLogs" set "startTime" = %s', values=[YESTERDAY])
    assert run_source(connected(gateway)).state == SourceRun.DONE
    assert [(at, customer) for _, at, _, _, customer, *_ in stand()] == [(YESTERDAY, "")]


def test_it_says_what_the_database_does_not_allow(gateway, home):
    source = connected(gateway)
    gateway.run(f'revoke select on "LiteLLM_SpendLogs" from {gateway.reader}')
    told = [check for check in check_source(source) if not check.ok]
    assert [check.cure for check in told] == [
        'Run as its owner: grant select on "LiteLLM_SpendLogs" to the user of the connection string'
    ]
    for dsn in (gateway.dsn("wr0ng-pass"), "postgresql://me:wr0ng-pass@[oops/x", "wr0ng-pass"):
        bad = configure("bad", "litellm_db", {"dsn": dsn, "start": "2026-09-01"}, source=source)
        bad.name = "gateway"
        bad.save()
        [check] = check_source(bad)
        assert not check.ok
        assert "wr0ng-pass" not in check.what + check.cure


class _Proxy(BaseHTTPRequestHandler):
    """`/spend/logs/v2`: newest first, 100 a page; `rows` is the server's. A proxy that is `old`
    knows the logs by another address only."""

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: told[0] for name, told in parse_qs(parts.query).items()}
        self.server.asked.append(query)
        known = "/spend/logs/ui" if self.server.old else "/spend/logs/v2"
        if parts.path != known:
            self._answer(404, {"detail": "Not Found"})
        elif self.headers["Authorization"] != "Bearer sk-master":
            self._answer(401, {"error": "Authentication Error"})
        else:
            self._answer(200, self._page(query))

    def _page(self, query: dict) -> dict:
        start, end = (
            datetime.strptime(query[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            for name in ("start_date", "end_date")
        )
        found = [one for one in self.server.rows if start <= one["startTime"] <= end]
        found.sort(key=lambda one: one["startTime"], reverse=True)
        page, size = int(query["page"]), int(query["page_size"])
        told = [
            {**one, "startTime": f"{one['startTime']:%Y-%m-%dT%H:%M:%S.000Z}", "endTime": None}
            for one in found[(page - 1) * size : page * size]
        ]
        pages = -(-len(found) // size)
        return {"data": told, "total": len(found), "page": page, "total_pages": pages}

    def _answer(self, status: int, told: dict) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def proxy():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    server.rows, server.asked, server.old = [], [], False
    with serving(server) as server.url:
        yield server


def through_api(proxy, key: str = "sk-master"):
    given = {"url": proxy.url, "key": key, "start": YESTERDAY.date().isoformat()}
    return configure("gateway", "litellm_api", given)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("old", [False, True])
def test_it_reads_the_api_and_never_what_was_said(proxy, home, old, monkeypatch):
    monkeypatch.setattr(litellm, "API_PAGES_A_WINDOW", 2)  # more than 200 calls: halve the hour
    proxy.old = old
    proxy.rows = [row(n, YESTERDAY + timedelta(seconds=10 * n)) for n in range(350)]
    source = through_api(proxy)
    assert all(check.ok for check in check_source(source))
    first = run_source(source)
    assert first.state == SourceRun.DONE
    assert Usage.objects.count() == 350
    assert str(Usage.objects.first().reported_cost.normalize()) == "0.30000000000000004"
    assert SECRET.encode() not in kept_bytes(home)

    proxy.asked.clear()
    proxy.rows.append(row(900, NOW - timedelta(minutes=30)))
    source.refresh_from_db()
    assert run_source(source).state == SourceRun.DONE
    assert Usage.objects.count() == 351
    assert min(query["start_date"] for query in proxy.asked) >= f"{NOW - timedelta(hours=7)}"[:19]


@pytest.mark.django_db(transaction=True)
def test_it_says_which_key_the_proxy_wants(proxy, home):
    [check] = check_source(through_api(proxy, "sk-team"))
    assert (check.ok, "master key" in check.cure) == (False, True)
