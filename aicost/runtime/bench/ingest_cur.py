"""A CUR as Parquet and as CSV.gz, from the file to a report, against the reader's own expression.

SIZE lines and four times as many: 5,000 resources, an hour each, with tags as a map. The limit is
what the expression itself takes, writing to Parquet; the rest is what the ledger costs on top.
"""

from datetime import date, timedelta
from pathlib import Path
import tempfile
import time

import ibis

from aicost.kernel.periods import Period
from aicost.kernel.sqlfiles import sql
from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.run import peak_mb, scratch_folder
from attribution.allocate import attribute
from attribution.reports import run as run_report
from attribution.reports.spec import Asker, Spec
from ingest.bill_table import connect, open_table
from ingest.fetch.kept import keep, working_folder
from ingest.load import load
from ingest.sources import aws_cur

NAME = "ingest_cur"
SIZE = 5_000_000
RESOURCES = 5_000
FIRST_DAY = date(2026, 1, 1)
FORMATS = ("parquet", "csv.gz")


def run(size: int) -> list[Measured]:
    """Each format at both sizes; the first also to attributed and to a report."""
    rows = []
    for lines in (size, 4 * size):
        for ending in FORMATS:
            rows += _measured(lines, ending, shown=(lines, ending) == (size, "parquet"))
    return rows


def _measured(size: int, ending: str, *, shown: bool) -> list[Measured]:
    path = generated(size, ending)
    limit = _limit(path)
    began = time.monotonic()
    loaded = load([path], source_name=f"{ending} {size}")
    in_ledger = time.monotonic() - began
    if [result.state for result in loaded] != ["published"] * len(loaded):
        raise RuntimeError("; ".join(result.message for result in loaded))
    name = f"ingest_cur: {ending}"
    rows = [Measured(f"{name}, to ledger", size, in_ledger, limit, peak_mb())]
    if not shown:
        return rows
    attribute()
    attributed = time.monotonic() - began
    days = Period(FIRST_DAY, FIRST_DAY + timedelta(days=size // RESOURCES // 24 + 2))
    answer = run_report(Spec("cost", days, Asker("admin"), group_by=("service",)))
    seen = time.monotonic() - began
    if not answer.rows:
        raise RuntimeError("the report shows nothing")
    rows.append(Measured(f"{name}, to attributed", size, attributed, limit, peak_mb()))
    rows.append(Measured(f"{name}, to report", size, seen, limit, peak_mb()))
    return rows


def generated(size: int, ending: str = "parquet") -> Path:
    """The file of that many lines; kept for the next run."""
    path = scratch_folder() / f"cur-{size}.{ending}"
    part = path.with_name(f"part-{path.name}")
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=working_folder()) as folder:
            backend = connect(Path(folder))
            query = sql("aicost.runtime.bench", "generate_cur")
            hours = max(1, size // RESOURCES)
            query = query.replace("$hours", str(hours)).replace("$resources", str(RESOURCES))
            # An account of its own: each file is a bill beside the others.
            query = query.replace("$payer", f"{FORMATS.index(ending) + 1}{size:011}")
            if ending == "parquet":
                backend.con.execute(f"copy ({query}) to '{part}' (format parquet)")
            else:
                text = f"select * replace (resource_tags::json as resource_tags) from ({query})"
                backend.con.execute(f"copy ({text}) to '{part}' (format csv, compression gzip)")
            backend.disconnect()
        part.rename(path)
    return path


def _limit(path: Path) -> float:
    """Seconds the reader's expression takes by itself, from the file into Parquet."""
    with tempfile.TemporaryDirectory(dir=working_folder()) as folder:
        backend = connect(Path(folder))
        table = open_table(backend, [keep(path)], Path(folder))
        query = ibis.to_sql(aws_cur.expression(table), dialect="duckdb")
        began = time.monotonic()
        backend.con.execute(f"copy ({query}) to '{folder}/groups.parquet' (format parquet)")
        seconds = time.monotonic() - began
        backend.disconnect()
    return seconds
