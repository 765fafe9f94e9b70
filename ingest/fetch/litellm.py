"""LiteLLM's spend logs, from its own Postgres or from the proxy's API.

Only what tells of use is asked for or kept, never messages or answers
(docs/sources/litellm_logs.md).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
import json
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from aicost.kernel.periods import as_utc, utc_now
from ingest.fetch.base import DATE, NUMBER, SECRET, Check, Connector, Fetched, FetchError, Field
from ingest.fetch.buckets import tried
from ingest.fetch.http import Refusal, checked_url, read_json, session
from ingest.fetch.landing import is_held, land_lines

TABLE = "LiteLLM_SpendLogs"
# What the reader reads; an older table may lack some.
COLUMNS = (
    "request_id",
    "call_type",
    "spend",
    "total_tokens",
    "prompt_tokens",
    "completion_tokens",
    "startTime",
    "endTime",
    "request_duration_ms",
    "model",
    "model_group",
    "custom_llm_provider",
    "user",
    "end_user",
    "team_id",
    "request_tags",
    "cache_hit",
    "status",
)
NEEDED = ("request_id", "startTime", "model", "spend", "prompt_tokens", "completion_tokens")
# Of metadata: it may hold prompts and answers too.
METADATA = (
    "usage_object",
    "user_api_key_alias",
    "user_api_key_team_alias",
    "spend_logs_metadata",
    "status",
)
ROWS_A_PAGE = 5_000
ROWS_A_FILE = 50_000
API_ROWS_A_PAGE = 100
API_PAGES_A_WINDOW = 100
API_PAGES_MAX = 100_000
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_LOGS = ("/spend/logs/v2", "/spend/logs/ui")
_CURES = {
    401: "Use the master key or an admin's key of the proxy",
    403: "Use the master key, or a key of the role proxy_admin_viewer",
    404: "Check the address; the proxy must run with a database",
}
_COMMON = (
    Field("start", "From", DATE, "the first day to read"),
    Field(
        "late_hours",
        "Hours asked again",
        NUMBER,
        "a call is logged when it ends, and some while later: so far back each run reads again",
        required=False,
        default=6,
    ),
)


def _line(row: Mapping[str, object]) -> dict[str, object]:
    """The columns of a row that are read, and of metadata the parts that are."""
    told = {name: _plain(row.get(name)) for name in COLUMNS}
    metadata = _object(row.get("metadata"))
    told["metadata"] = {name: metadata[name] for name in METADATA if metadata.get(name)}
    told["request_tags"] = _parsed(row.get("request_tags"))
    return {"report": "litellm_logs", **told}


def _parsed(value: object) -> object:
    if isinstance(value, str):
        try:
            return json.loads(value, parse_float=str)
        except ValueError:
            return value
    return value


def _object(value: object) -> Mapping[str, object]:
    told = _parsed(value)
    return told if isinstance(told, Mapping) else {}


def _plain(value: object) -> object:
    """A time, or another value of a database that JSON has no word for, as text."""
    if isinstance(value, datetime):
        return as_utc(value).isoformat()
    return value if isinstance(value, str | int | list | dict | None) else str(value)


def _land(rows: Iterator[Mapping[str, object]], folder: Path, since: datetime) -> Iterator[tuple]:
    """(path, rows, last start time) of files of at most ROWS_A_FILE rows."""
    number = 0
    while chunk := list(islice(rows, ROWS_A_FILE)):
        number += 1
        path = folder / f"litellm-{since:%Y%m%dT%H%M%S}-{number}.jsonl"
        land_lines(path, map(_line, chunk))
        yield path, len(chunk), max(_utc(row["startTime"]) for row in chunk)


def _utc(told: object) -> datetime:
    return as_utc(told if isinstance(told, datetime) else datetime.fromisoformat(str(told)))


def _since(config: Mapping, state: Mapping) -> datetime:
    start = as_utc(datetime.fromisoformat(str(config["start"])))
    if not state.get("until"):
        return start
    late = timedelta(hours=int(config.get("late_hours") or 0))
    return max(start, datetime.fromisoformat(str(state["until"])) - late)


# --- its Postgres


def _connect(dsn: str) -> psycopg.Connection:
    """A connection that cannot write. Raises `FetchError` without the password."""
    try:
        psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # its text repeats the value
        cure = "Write it as postgresql://user:password@host:5432/database"
        raise FetchError("the connection string cannot be read", cure) from None
    try:
        return psycopg.connect(
            dsn,
            connect_timeout=10,
            row_factory=dict_row,
            options="-c default_transaction_read_only=on -c timezone=UTC"
            " -c statement_timeout=120000",
        )
    except psycopg.Error as error:
        raise _database_error("the database cannot be reached", error, dsn) from None


def _database_error(what: str, error: psycopg.Error, dsn: str) -> FetchError:
    password = psycopg.conninfo.conninfo_to_dict(dsn).get("password")
    told = " ".join(str(error).split())[:300]
    told = told.replace(str(password), "***") if password else told
    cures = {
        psycopg.errors.InsufficientPrivilege: f'Run as its owner: grant select on "{TABLE}" to the'
        " user of the connection string",
        psycopg.errors.UndefinedTable: "Name the database of the LiteLLM proxy",
    }
    return FetchError(f"{what}: {told}", cures.get(type(error), "Check host, user and password"))


def _columns(connection: psycopg.Connection) -> tuple[str, ...]:
    """The columns of the table that are read. Raises `FetchError`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
            " and not attisdropped",
            [f'"{TABLE}"'],
        )
        have = {row["attname"] for row in cursor}
    lacking = [name for name in NEEDED if name not in have]
    if lacking:
        told = f"the table {TABLE} has no column {lacking[0]}" if have else f"no table {TABLE}"
        raise FetchError(told, "Name the database of the LiteLLM proxy")
    return tuple(name for name in (*COLUMNS, "metadata") if name in have)


def _database_rows(connection: psycopg.Connection, since: datetime) -> Iterator[Mapping]:
    """Rows from `since` on in the order of (startTime, request_id), a page at a time."""
    columns = _columns(connection)
    parts = [
        sql.SQL("{0}::timestamp as {0}").format(sql.Identifier(name))
        if name in ("startTime", "endTime")
        else sql.SQL("{0}::text as {0}").format(sql.Identifier(name))
        if name == "spend"
        else sql.Identifier(name)
        for name in columns
        if name != "metadata"
    ]
    if "metadata" in columns:
        pairs = (sql.SQL("{0}, metadata -> {0}").format(sql.Literal(name)) for name in METADATA)
        parts.append(
            sql.SQL("jsonb_build_object({}) as metadata").format(sql.SQL(", ").join(pairs))
        )
    page = sql.SQL(
        'select {} from {} where ("startTime", request_id) > (%s::timestamp, %s)'
        ' order by "startTime", request_id limit %s'
    ).format(sql.SQL(", ").join(parts), sql.Identifier(TABLE))
    after = (since.replace(tzinfo=None), "")
    while True:
        with connection.cursor() as cursor:
            rows = cursor.execute(page, [*after, ROWS_A_PAGE]).fetchall()
        connection.rollback()  # a long read must not hold back its vacuum
        yield from rows
        if len(rows) < ROWS_A_PAGE:
            return
        after = (rows[-1]["startTime"], rows[-1]["request_id"])


def check_database(config: Mapping) -> Iterator[Check]:
    """Try what the source is to read, and whether it can do more."""
    dsn = str(config["dsn"])
    with _connect(dsn) as connection:
        yield Check(True, "the database answers")
        yield tried(f"{TABLE} is there", lambda: _columns(connection))
        try:
            next(_database_rows(connection, utc_now() - timedelta(days=1)), None)
        except psycopg.Error as error:
            told = _database_error(f"{TABLE} cannot be read", error, dsn)
            yield Check(False, told.message, told.cure)
        else:
            yield Check(True, "spend logs can be read")


def fetch_database(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """All rows since the last run, and again those of the hours before it."""
    dsn, since, known = str(config["dsn"]), _since(config, state), dict(state)
    with _connect(dsn) as connection:
        try:
            for path, rows, last in _land(_database_rows(connection, since), folder, since):
                known["until"] = max(str(known.get("until") or ""), last.isoformat())
                yield Fetched((path,), path.name, dict(known), {"rows": rows})
                if is_held((path,)):  # the next run begins here
                    return
        except psycopg.Error as error:
            raise _database_error("reading the spend logs failed", error, dsn) from None


DATABASE = Connector(
    name="litellm_db",
    title="LiteLLM (its Postgres)",
    summary="Calls of a LiteLLM proxy, read from its database",
    kind="usage",
    fields=(
        Field("dsn", "Connection string", SECRET, "postgresql://user:password@host:5432/litellm"),
        *_COMMON,
    ),
    test=check_database,
    fetch=fetch_database,
    every_minutes=15,
)


# --- the proxy's API


class _Proxy:
    def __init__(self, config: Mapping) -> None:
        self.session = session({"Authorization": f"Bearer {config['key']}"})
        self.base = checked_url(str(config["url"]))
        self.path = _LOGS[0]

    def page(self, start: datetime, end: datetime, number: int) -> Mapping:
        """One page of the calls of [start, end]. Older proxies know the logs by another address."""
        params = {
            "start_date": f"{start:%Y-%m-%d %H:%M:%S}",
            "end_date": f"{end:%Y-%m-%d %H:%M:%S}",
            "page": str(number),
            "page_size": str(API_ROWS_A_PAGE),
        }
        url = f"{self.base}{self.path}"
        try:
            answer = read_json(self.session, "GET", url, params=params, cures=_CURES)
        except Refusal as refusal:
            if refusal.status != 404 or self.path == _LOGS[-1]:
                raise
            self.path = _LOGS[-1]
            return self.page(start, end, number)
        if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
            raise FetchError(f"{url} answers no spend logs", "Check the address of the proxy")
        return answer

    def rows(self, start: datetime, end: datetime) -> Iterator[Mapping]:
        """Every row of [start, end), hour by hour; an hour with very many is halved, because far
        pages are slow. A row that is logged meanwhile moves others to later pages, never away."""
        while start < end:
            until = min(start + _HOUR, end)
            first = self.page(start, until, 1)
            while _pages_of(first) > API_PAGES_A_WINDOW and until - start > _MINUTE:
                until = start + (until - start) / 2
                first = self.page(start, until, 1)
            yield from first["data"]
            for number in range(2, _pages_of(first) + 1):
                yield from self.page(start, until, number)["data"]
            start = until


def _pages_of(answer: Mapping) -> int:
    pages = int(str(answer.get("total_pages") or 0))
    if pages > API_PAGES_MAX:
        raise FetchError(f"the proxy tells of {pages} pages", "Look at what answers there")
    return pages


def check_api(config: Mapping) -> Iterator[Check]:
    """Try what the source is to read."""
    now = utc_now()
    yield tried("spend logs can be read", lambda: _Proxy(config).page(now - _HOUR, now, 1))


def fetch_api(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """A day a set since the last run, and again the hours before it."""
    proxy, known, now = _Proxy(config), dict(state), utc_now().replace(microsecond=0)
    start = _since(config, state).replace(microsecond=0)
    while start < now:
        end = min(start + timedelta(days=1), now)
        landed = list(_land(proxy.rows(start, end), folder, start))
        known["until"] = end.isoformat()
        paths = tuple(path for path, _, _ in landed)
        facts = {"rows": sum(rows for _, rows, _ in landed)}
        yield Fetched(paths, f"{start:%Y-%m-%d %H:%M} to {end:%H:%M}", dict(known), facts)
        if is_held(paths):  # the next run begins here
            return
        start = end


API = Connector(
    name="litellm_api",
    title="LiteLLM (proxy API)",
    summary="Calls of a LiteLLM proxy, read from its spend logs API",
    kind="usage",
    fields=(
        Field("url", "Address", help="of the proxy, for instance https://llm.example.com"),
        Field("key", "Key", SECRET, "the master key, or one of the role proxy_admin_viewer"),
        *_COMMON,
    ),
    test=check_api,
    fetch=fetch_api,
    every_minutes=60,
)
