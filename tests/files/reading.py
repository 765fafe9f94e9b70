"""Daily files as other programs read them: by the manifest, and by the names of the folders."""

from decimal import Decimal
import hashlib
import json
from pathlib import Path

import duckdb


def manifest(root: Path, dataset: str = "cost") -> dict[str, dict]:
    """The days the manifest names, each file looked at: it is there and is what was promised."""
    told = json.loads((root / f"dataset={dataset}" / "_manifest.json").read_text())
    for day in told["days"]:
        if day["path"]:
            body = (root / day["path"]).read_bytes()
            assert len(body) == day["bytes"], day
            assert hashlib.sha256(body).hexdigest() == day["sha256"], day
        else:
            assert day["rows"] == 0, day
    return {day["usage_date"]: day for day in told["days"]}


def ask(root: Path, dataset: str, what: str, more: str = "") -> list[tuple]:
    """`select what` of all files of a dataset, in DuckDB, as docs/files.md writes it."""
    paths = f"{root}/dataset={dataset}/*/part-*.parquet"
    with duckdb.connect() as base:
        return base.execute(
            f"select {what} from read_parquet('{paths}', hive_partitioning = true) {more}"
        ).fetchall()


def sums(days: dict[str, dict], column: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for day in days.values():
        for currency, amounts in day["sums"].items():
            found[currency] = found.get(currency, Decimal(0)) + Decimal(amounts[column])
    return found
