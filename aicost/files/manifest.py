"""The manifest of a dataset: which file is each day's, and what its sums are. A day's file is there
when the manifest names it, and not before; it is also all we remember of what was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
import json

from aicost.files.datasets import Dataset
from aicost.kernel.periods import as_utc, utc_now, utc_text
from ingest.fetch.base import FetchError

FORMAT = "aicost-files-1"
NAME = "_manifest.json"


@dataclass(frozen=True)
class Entry:
    """One day. `path` is below the destination, '' for a day without rows; `sums` are
    {currency: {column: decimal text}}; `versions` are the publications it was made from."""

    path: str
    rows: int
    bytes: int
    sha256: str
    sums: Mapping[str, Mapping[str, str]]
    final: bool
    versions: Mapping[str, int]
    written_at: datetime


def place(dataset: Dataset) -> str:
    return f"dataset={dataset.name}/{NAME}"


def part_name(dataset: Dataset, day: date, sha256: str) -> str:
    """Named by what is in it: two files of one day never share a name, one file never has two."""
    return f"dataset={dataset.name}/usage_date={day}/part-{sha256[:16]}.parquet"


def written(dataset: Dataset, days: Mapping[date, Entry]) -> bytes:
    told = {
        "format": FORMAT,
        "dataset": dataset.name,
        "report": dataset.report,
        "sums_of": [one.column for one in dataset.sums],
        "written_at": _moment(utc_now()),
        "days": [_told(day, days[day]) for day in sorted(days)],
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode()


def _told(day: date, entry: Entry) -> dict:
    return {
        "usage_date": day.isoformat(),
        "path": entry.path or None,
        "rows": entry.rows,
        "bytes": entry.bytes,
        "sha256": entry.sha256 or None,
        "sums": entry.sums,
        "final": entry.final,
        "published": entry.versions,
        "written_at": _moment(entry.written_at),
    }


def read(dataset: Dataset, body: bytes | None) -> dict[date, Entry]:
    """The days of a manifest of ours; {} when there is none. Raises `FetchError`."""
    if body is None:
        return {}
    try:
        told = json.loads(body)
        if told["format"] != FORMAT or told["dataset"] != dataset.name:
            raise ValueError(f"{told['format']} of {told['dataset']}")
        return {date.fromisoformat(one["usage_date"]): _entry(one) for one in told["days"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FetchError(
            f"{place(dataset)} is no manifest of ours ({type(error).__name__}: {error})"[:300],
            "Move it away, with the files beside it: all days are then written anew",
        ) from error


def _entry(one: Mapping) -> Entry:
    return Entry(
        one["path"] or "",
        int(one["rows"]),
        int(one["bytes"]),
        one["sha256"] or "",
        one["sums"],
        bool(one["final"]),
        {str(name): int(version) for name, version in one["published"].items()},
        datetime.fromisoformat(one["written_at"]),
    )


def _moment(at: datetime) -> str:
    return utc_text(as_utc(at), "seconds")
