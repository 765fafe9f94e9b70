"""A billing export in BigQuery. The client of Google takes a second to import:
ingest.fetch.bigquery reads this when somebody asks.

The charges are summed inside BigQuery by the expression that reads files too; only daily series
come back. The export is append-only: what changes is a partition, known by its newest export time.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
import hashlib
import json
from pathlib import Path
import re

from google.api_core import exceptions as refusals
from google.auth import exceptions as auth
from google.cloud import bigquery
from google.oauth2 import service_account
import requests

from aicost.kernel.periods import utc_today
from ingest.fetch.base import Check, Fetched, FetchError
from ingest.fetch.bigquery_sql import as_told, columns_of_schema, query
from ingest.fetch.landing import landing
from ingest.sources import aggregated, focus, gcp_billing
from ingest.sources.base import BillReader, Head

GIB = 2**30
LOOKBACK = timedelta(days=10)  # how late a partition may change and still be seen
DAYS_AT_ONCE = 31
TIMEOUT_SECONDS = 1800
_PAGE_ROWS = 20_000
_FIRST = date(2000, 1, 1)
_TABLE = re.compile(r"([a-z0-9.:-]+)\.([A-Za-z0-9_]+)\.([A-Za-z0-9_$-]+)\Z")
_EXPORTED = ("export_time", "x_ExportTime")
_JOBS, _DATA = "BigQuery Job User (roles/bigquery.jobUser)", "roles/bigquery.dataViewer"


@dataclass
class Export:
    """The table, what it is, and where in it the time of arrival stands."""

    client: bigquery.Client
    table: bigquery.Table
    reader: BillReader
    bytes_max: int

    @property
    def name(self) -> str:
        table = self.table
        return f"{table.project}.{table.dataset_id}.{table.table_id}"

    @property
    def arrived(self) -> str:
        """SQL of the time of arrival. A view, or a table made by hand, has no partition of its
        own."""
        told = self.table.time_partitioning
        if told is not None and told.field is None:
            return "_PARTITIONTIME"
        return f"TIMESTAMP({self.exported})"

    @property
    def exported(self) -> str:
        have = {field.name.lower(): field.name for field in self.table.schema}
        found = next((have[name.lower()] for name in _EXPORTED if name.lower() in have), None)
        if found is None:
            raise FetchError(
                f"{self.name} has no column export_time, so what is new cannot be told",
                "Read the export's own table, or add export_time to the view",
            )
        return f"`{found}`"


def test(config: Mapping) -> Iterator[Check]:
    client = _client(config)
    yield Check(True, "The credentials can be read")
    export = _export(client, config)
    yield Check(True, f"{export.name} is a {_title(export)}, {export.table.num_rows or 0} rows")
    with _refused(config):
        job = _dry_run(export, _listing(export, utc_today() - LOOKBACK))
        look = job.total_bytes_processed
    yield Check(True, f"Queries can be run; looking for new partitions reads {_size(look)}")
    with _refused(config):
        sql, _ = _summing(export, [utc_today()])
        _dry_run(export, sql)
    yield Check(True, "The charges can be summed there")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    export = _export(_client(config), config)
    known, held = dict(state.get("partitions", {})), set(state.get("held", ()))
    if state.get("table", export.name) != export.name:
        raise FetchError(
            f"this source has read {state['table']}; {export.name} is another view of the bill",
            "Add a source of its own for it, and remove what stands here first",
        )
    with _refused(config):
        found, looked = _partitions(export, _since(config, known, held))
    changed = [day for day, mark in found.items() if known.get(day) != mark or day in held]
    facts = {"bytes_billed_looking": looked}
    if not changed:
        told = f"{export.name}: nothing new"
        yield Fetched((), told, _state(export, known, held), facts)
    for days in _runs(changed):
        marks = {day: found[day] for day in days}
        with _refused(config):
            path, told = _landed(export, marks, folder)
        taken = _state(export, known | marks, held - set(days))
        name = f"{export.name}, arrived {days[0]} to {days[-1]}"
        yield Fetched((path,), name, taken, facts | told)
        facts = {}
        # A set that stands is cleared away. One that is held stays, and is offered again without
        # another query until it is taken or its partitions change.
        if path.exists():
            held |= set(days)
        else:
            known, held = known | marks, held - set(days)


def _state(export: Export, known: Mapping[str, str], held: set[str]) -> dict[str, object]:
    newest = date.fromisoformat(max(known)) if known else _FIRST
    kept = {day: mark for day, mark in known.items() if date.fromisoformat(day) + 2 * LOOKBACK
            >= newest}  # fmt: skip
    return {"table": export.name, "partitions": kept, "held": sorted(held)}


def _since(config: Mapping, known: Mapping[str, str], held: set[str]) -> date:
    start = date.fromisoformat(config.get("start") or _FIRST.isoformat())
    if not known:
        return start
    back = min(utc_today(), date.fromisoformat(max(known))) - LOOKBACK
    return max(start, min([back, *map(date.fromisoformat, held)]))


def _runs(days: Iterable[str]) -> Iterator[list[str]]:
    """Days in order, a few at a time: what stands so far stays when a later query fails."""
    ordered = sorted(days)
    for first in range(0, len(ordered), DAYS_AT_ONCE):
        yield ordered[first : first + DAYS_AT_ONCE]


def _partitions(export: Export, since: date) -> tuple[dict[str, str], int]:
    """({day of arrival: a mark that changes with its rows}, bytes billed), oldest first. Rows that
    are still in the streaming buffer belong to no partition; they come when they do."""
    rows, job = _run(export, _listing(export, since))
    found = {row["day"].isoformat(): f"{row['newest'].isoformat()} {row['rows']}" for row in rows}
    return found, job.total_bytes_billed or 0


def _listing(export: Export, since: date) -> str:
    return (
        f"SELECT DATE({export.arrived}) AS `day`, MAX({export.exported}) AS `newest`,"
        f" COUNT(*) AS `rows` FROM `{export.name}`"
        f" WHERE {export.arrived} >= TIMESTAMP('{since}') GROUP BY 1 ORDER BY 1"
    )


def _summing(export: Export, days: Iterable[date]) -> tuple[str, dict[str, str]]:
    """The query over some partitions. Their bounds are constants, so no other is read."""
    bounds = " OR ".join(
        f"({export.arrived} >= TIMESTAMP('{first}') AND {export.arrived} < TIMESTAMP('{end}'))"
        for first, end in _ranges(days)
    )
    columns = list(columns_of_schema(export.table.schema))
    billed = "BilledCost" if export.reader is focus.READER else gcp_billing.COST
    source = f"`{export.name}` WHERE {bounds}"
    return query(export.reader, columns, billed, source, f"DATETIME({export.arrived})")


def _ranges(days: Iterable[date]) -> list[list[date]]:
    """[first day, day after the last] of each run of neighbouring days."""
    found: list[list[date]] = []
    for day in sorted(days):
        if not found or found[-1][1] != day:
            found.append([day, day])
        found[-1][1] = day + timedelta(days=1)
    return found


def _landed(export: Export, marks: Mapping[str, str], folder: Path) -> tuple[Path, dict]:
    """The file of some partitions, and what is told of its query. One that was fetched before, of
    the same marks, is not fetched again."""
    mark = hashlib.sha256(json.dumps([export.name, *sorted(marks.items())]).encode()).hexdigest()
    path = folder / f"{export.table.table_id}_{min(marks)}_{max(marks)}_{mark[:12]}.parquet"
    if path.exists():
        return path, {"bytes_billed": 0, "fetched_before": True}
    sql, names = _summing(export, sorted(map(date.fromisoformat, marks)))
    rows, job = _run(export, sql)
    told = {
        "job": f"{job.project}:{job.location}.{job.job_id}",
        "bytes_billed": job.total_bytes_billed or 0,
        "bytes_processed": job.total_bytes_processed or 0,
    }
    metadata = {"aicost": "aggregated charges 1", "table": export.name, "job": told["job"]}
    try:
        with landing(path) as part:
            told["series_days"] = aggregated.write(part, _charges(export, rows, names), metadata)
    except ValueError as error:
        raise FetchError(f"{export.name}, arrived {min(marks)} to {max(marks)}: {error}") from error
    return path, told


def _charges(export: Export, rows: Iterable, names: Mapping[str, str]) -> Iterator[dict]:
    for row in rows:
        told = as_told(dict(row.items()), names)
        if told["rows_refused"]:
            raise FetchError(
                f"{export.name}: {told['rows_refused']} rows that arrived on"
                f" {told['scope_part'] or 'an unknown day'} hold a cost, a credit, a time or an"
                " invoice month that cannot be read",
                "Look for NULL, NaN or odd values in them; nothing of these days was loaded",
            )
        yield told


def _dry_run(export: Export, sql: str) -> bigquery.QueryJob:
    """What the query would read. Raises `FetchError` when that is more than was allowed."""
    job = export.client.query(
        sql, bigquery.QueryJobConfig(dry_run=True, use_query_cache=False), timeout=60
    )
    if job.total_bytes_processed > export.bytes_max:
        raise FetchError(
            f"the query would read {_size(job.total_bytes_processed)} of {export.name}; allowed"
            f" are {_size(export.bytes_max)}",
            "Raise the most GiB one query may read, or set a later first day of arrival",
        )
    return job


def _run(export: Export, sql: str) -> tuple[Iterable[bigquery.Row], bigquery.QueryJob]:
    """The rows, page by page, and the job that is done."""
    _dry_run(export, sql)
    allowed = bigquery.QueryJobConfig(
        maximum_bytes_billed=export.bytes_max, labels={"app": "aicost"}
    )
    job = export.client.query(sql, allowed, timeout=60)
    rows = job.result(page_size=_PAGE_ROWS, timeout=TIMEOUT_SECONDS)
    job.reload(timeout=60)  # only then it says what it billed
    return rows, job


def _client(config: Mapping) -> bigquery.Client:
    project, _, _ = _parts(config)
    options = {"api_endpoint": config["endpoint"].rstrip("/")} if config.get("endpoint") else None
    location = config.get("location") or None
    if not config.get("credentials"):
        with _refused(config):
            return bigquery.Client(
                config.get("project") or project, location=location, client_options=options
            )
    try:
        key = json.loads(config["credentials"])
        credentials = service_account.Credentials.from_service_account_info(
            key, scopes=["https://www.googleapis.com/auth/bigquery"]
        )
    except (ValueError, TypeError, KeyError, auth.GoogleAuthError) as error:
        raise FetchError(
            f"the service account key cannot be read ({type(error).__name__})",
            "Paste the whole JSON file of a key of the service account",
        ) from error
    owner = config.get("project") or key.get("project_id") or project
    return bigquery.Client(owner, credentials, location=location, client_options=options)


def _parts(config: Mapping) -> tuple[str, str, str]:
    found = _TABLE.match(config["table"].strip().strip("`").replace(":", ".", 1))
    if not found:
        raise FetchError(f"{config['table']!r} is no table", "Write it as project.dataset.table")
    return found.groups()


def _export(client: bigquery.Client, config: Mapping) -> Export:
    with _refused(config):
        table = client.get_table(".".join(_parts(config)), timeout=60)
    columns = tuple(column.name for column in columns_of_schema(table.schema))
    head = Head(table.table_id, columns, b"")
    reader = next((one for one in (gcp_billing.READER, focus.READER) if one.identify(head)), None)
    lacking = reader.required(columns) if reader else ("billing_account_id",)
    if lacking:
        raise FetchError(
            f"{table.table_id} is no billing export: it has no column {lacking[0]}",
            "Name the table of the standard, detailed or FOCUS usage cost export",
        )
    return Export(client, table, reader, int(config["max_gib"]) * GIB)


def _title(export: Export) -> str:
    if export.reader is focus.READER:
        return "FOCUS export"
    names = {field.name for field in export.table.schema}
    return "detailed usage cost export" if "resource" in names else "standard usage cost export"


def _size(count: int) -> str:
    return f"{count / GIB:.2f} GiB"


@contextmanager
def _refused(config: Mapping) -> Iterator[None]:
    """BigQuery's refusals in words: what is missing, and who gives it."""
    where = config["table"]
    try:
        yield
    except refusals.Forbidden as error:
        if "jobs.create" in error.message:
            cure = f"Grant the role {_JOBS} on the project that runs the queries"
        elif "quota" in error.message.lower() or "bytes billed" in error.message.lower():
            cure = "Wait, or raise the quota of the project that runs the queries"
        else:
            cure = f"Grant the role BigQuery Data Viewer ({_DATA}) on the dataset"
        raise FetchError(f"{where}: {error.message[:300]}", cure) from error
    except refusals.NotFound as error:
        cure = "Check the name and the location; a new export shows its table after some hours"
        raise FetchError(f"{where}: {error.message[:300]}", cure) from error
    except auth.GoogleAuthError as error:
        cure = "Enter a service account key, or give this machine credentials of its own"
        raise FetchError(f"{where}: no valid credentials ({str(error)[:200]})", cure) from error
    except (refusals.GoogleAPIError, requests.RequestException) as error:
        raise FetchError(f"{where}: {str(error)[:300]}", "Try again later") from error
