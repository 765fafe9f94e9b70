"""Each format of rows as a small file beside the records its reader makes of it.

goldens/<reader>/<case>/input.* and expected.json; GOLDENS=write writes the expectation anew."""

from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal
import json
import os
from pathlib import Path

import pytest

from aicost.kernel.money import plain
from ingest.records import Batch, Rejected
from ingest.row_stage import open_kept
from ingest.sources import SOURCES
from ingest.sources.base import RowReader
from tests.ingest.test_bill_goldens import ALL, FOLDER, name

ROWS = {reader.name: reader for reader in SOURCES if isinstance(reader, RowReader)}
CASES = [path for path in ALL if path.parent.parent.name in ROWS]


def records(reader: RowReader, path: Path) -> list[dict]:
    """What a reader makes of a file, in its order, only what differs from the defaults."""
    told = []
    with open_kept(path, path.name) as stream:
        for item in reader.records(stream, path.name):
            if isinstance(item, Rejected):
                told.append({"rejected": item.reason, "line": item.line})
            elif isinstance(item, Batch):
                told += [
                    _told(item.record_type, {n: values[row] for n, values in item.columns.items()})
                    for row in range(len(item.lines))
                ]
            else:
                own = {f.name: getattr(item, f.name) for f in fields(item)}
                told.append(_told(type(item), own))
    return told


def _told(kind: type, values: dict) -> dict:
    defaults = {f.name: f.default for f in fields(kind) if f.default is not MISSING}
    told = {n: _plain(v) for n, v in values.items() if n not in defaults or v != defaults[n]}
    return {"record": kind.__name__, **told}


def _plain(value):
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


@pytest.mark.parametrize("path", CASES, ids=name)
def test_it_reads_the_golden(path):
    told = records(ROWS[path.parent.parent.name], path)
    expected = path.parent / "expected.json"
    if os.environ.get("GOLDENS") == "write":
        expected.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert told == json.loads(expected.read_text())


def test_every_reader_has_a_golden():
    have = {path.parent.parent.name for path in FOLDER.glob("*/*/input.*")}
    assert {reader.name for reader in SOURCES} - have == set()
