"""Each trap of the bill formats as a small file beside what the ledger makes of it.

goldens/<source>/<case>/input.* and expected.json. To write an expectation anew:
GOLDENS=write pytest tests/ingest/test_bill_goldens.py, and read the difference."""

from decimal import Decimal
import json
import os
from pathlib import Path

import pytest

from aicost.kernel.money import plain
from ingest.fetch.kept import head_of, keep, working_folder
from ingest.sources import SOURCES
from ingest.sources.base import BillReader
from ingest.sources.charges import (
    AMOUNTS,
    DISPLAY,
    IDENTITY,
    MAYBE_AMOUNTS,
    canonical_series,
    series_sha256,
)
from ingest.stage import staged

FOLDER = Path(__file__).parent / "goldens"
BILLS = {reader.name: reader for reader in SOURCES if isinstance(reader, BillReader)}
CASES = sorted(path for path in FOLDER.glob("*/*/input.*") if path.parent.parent.name in BILLS)
ALL = sorted(FOLDER.glob("*/*/input.*"))


def name(path: Path) -> str:
    return path.parent.relative_to(FOLDER).as_posix()


def canonical(reader: BillReader, *paths: Path) -> list[dict]:
    """The charges of a set of files, only what they say, in a stable order."""
    found: dict[tuple, dict] = {}
    with staged(reader, [keep(path) for path in paths], working_folder()) as rows:
        for row in rows.connection.sql("from numbered").to_arrow_table().to_pylist():
            series = canonical_series(row)
            told = {c: series[c] for c in (*IDENTITY, *DISPLAY, "tags", "extras") if series[c]}
            key = {k: row[k] for k in ("day", "long_period_end", "billing_period", "invoice_id")}
            told |= {k: str(v) for k, v in key.items() if v}
            identity = (series_sha256(series), *key.values())
            one = found.setdefault(identity, told | {"rows": 0})
            one["rows"] += int(row["rows"])
            for amount in (*AMOUNTS, *MAYBE_AMOUNTS):
                if row[amount] is not None:
                    one[amount] = one.get(amount, 0) + row[amount]
    charges = [{k: _shown(v) for k, v in one.items()} for one in found.values()]
    return sorted(charges, key=lambda one: json.dumps(one, sort_keys=True))


def _shown(value):
    return plain(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("path", CASES, ids=name)
def test_it_reads_the_golden(path, home):
    told = canonical(BILLS[path.parent.parent.name], path)
    expected = path.parent / "expected.json"
    if os.environ.get("GOLDENS") == "write":
        expected.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert told == json.loads(expected.read_text())


@pytest.mark.parametrize("path", ALL, ids=name)
def test_it_is_claimed_by_exactly_its_own_reader(path, home):
    head = head_of(keep(path))
    assert [r.name for r in SOURCES if r.identify(head)] == [path.parent.parent.name]
