"""A bill summed by DuckDB into a file that `aggregated_charges` loads: the measure of other
engines, and the way for files that they cannot read."""

from collections.abc import Sequence
from pathlib import Path

from ingest.engines.summed import Summed
from ingest.fetch.kept import keep, working_folder
from ingest.fetch.landing import landing
from ingest.fetch.sets import checked_reader_of
from ingest.sources import aggregated
from ingest.sources.base import BillReader, Unreadable
from ingest.stage import staged


def aggregate(reader: BillReader, paths: Sequence[str], out: str) -> Summed:
    """Sum all files at `paths` into one Parquet file in the new folder `out`. Raises `Unreadable`
    with file, line, column and value; then nothing is written."""
    folder = Path(out)
    if folder.exists():
        raise Unreadable("is there already", out, "Name a folder that is not there yet")
    files = [keep(path) for path in _files(paths)]
    for file in files:
        checked_reader_of(file, reader)
    with staged(reader, files, working_folder()) as told:
        rows = told.connection.sql("from numbered").to_arrow_reader(10_000)
        folder.mkdir(parents=True)
        with landing(folder / "part-0.parquet") as part:
            charges = (row for batch in rows for row in batch.to_pylist())
            count = aggregated.write(part, charges, {"engine": "duckdb"}, rows.schema.names)
        return Summed(told.rows, count, tuple(file.name for file in files))


def _files(paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in inner if one.is_file() and not one.name.startswith((".", "_"))]
    if not found:
        raise Unreadable("nothing to read", ", ".join(map(str, paths)), "Check the path")
    return found
