"""The service's own health. These are no figures of the ledger, so no report has them; who sees
only some teams does not see them either."""

from collections.abc import Iterator
import platform

from django.conf import settings
from django.db import connection

import aicost
from aicost.kernel.sqlfiles import sql
from aicost.metrics.costs import Scrape
from aicost.metrics.families import Sample
from ingest.otlp.fold import READER

JOB_STATES = ("queued", "running", "failed")


def build(scrape: Scrape) -> Iterator[Sample]:
    yield Sample("aicost_build_info", (aicost.VERSION, platform.python_version()), 1)


def jobs(scrape: Scrape) -> Iterator[Sample]:
    """Every kind in every state, so that a series is 0 before it is 1."""
    if scrape.asker.teams is not None:
        return
    found = {(row["kind"], row["state"]): row for row in _rows("jobs")}
    for kind in settings.AICOST_JOBS:
        for state in JOB_STATES:
            row = found.get((kind, state), {"jobs": 0, "oldest": None})
            yield Sample("aicost_jobs", (kind, state), row["jobs"])
            if row["oldest"] is not None:
                yield Sample("aicost_jobs_oldest_queued_age_seconds", (kind,), row["oldest"])


def service(scrape: Scrape) -> Iterator[Sample]:
    if scrape.asker.teams is not None:
        return
    [row] = _rows("service")
    yield Sample("aicost_database_size_bytes", (), row["database_bytes"])
    yield Sample("aicost_otlp_rows_waiting", (), row["otlp_waiting"])
    for state in ("waiting", "dead", "unknown"):
        yield Sample("aicost_outbox_messages", (state,), row[f"outbox_{state}"])
    for row in _rows("exports")[: scrape.top]:
        name = "aicost_export_succeeded_timestamp_seconds"
        yield Sample(name, (row["destination"],), row["succeeded"])
    for row in _rows("otlp", {"reader": READER})[: scrape.top]:
        yield Sample("aicost_otlp_spans_received", (row["source"],), row["received"])
        yield Sample("aicost_otlp_spans_quarantined", (row["source"],), row["quarantined"])


def _rows(query: str, values: dict | None = None) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.metrics", query), values or {})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
