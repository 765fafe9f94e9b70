"""Text of a staged bill that the ledger cannot hold: too long for its indexes, NUL, no currency."""

from __future__ import annotations

from collections.abc import Sequence

from aicost.kernel.late import Late
from ingest.bad_line import place_of
from ingest.fetch.kept import KeptFile
from ingest.sources.base import Unreadable
from ingest.sources.charges import IDENTITY

duckdb = Late("duckdb")

# Postgres indexes at most 2,700 bytes; names, accounts and ids are indexed together.
NAME_BYTES_MAX = 1_000
RESOURCE_BYTES_MAX = 2_500
OTHER_BYTES_MAX = 1_000_000
_NAMES = (*IDENTITY, "scope_issuer", "invoice_id")


def refuse_texts(con: duckdb.DuckDBPyConnection, files: Sequence[KeptFile]) -> None:
    """Raise `Unreadable` for the first column of `numbered` or `series` that holds such text."""
    for table in ("series", "numbered"):
        kinds = {name: kind for name, kind, *_ in con.execute(f"describe {table}").fetchall()}
        columns = [name for name, kind in kinds.items() if kind == "VARCHAR"]
        if table == "numbered":
            columns = [name for name in columns if name in ("scope_issuer", "invoice_id")]
        bad = ", ".join(f"max({_bad(name)})" for name in columns)
        found = con.execute(f"select {bad} from {table}").fetchone() if columns else ()
        for column, value in zip(columns, found, strict=True):
            if value is not None:
                raise _refusal(column, value, files)


def _bytes_max(column: str) -> int:
    if column == "resource_id":
        return RESOURCE_BYTES_MAX
    return NAME_BYTES_MAX if column in _NAMES else OTHER_BYTES_MAX


def _bad(column: str) -> str:
    """SQL: the value where it is bad, else NULL."""
    name = '"' + column.replace('"', '""') + '"'
    wrong = f"strlen({name}) > {_bytes_max(column)} or contains({name}, chr(0))"
    if column == "billing_currency":
        wrong += f" or not regexp_full_match({name}, '[A-Z]{{3}}')"
    return f"case when {wrong} then {name} end"


def _refusal(column: str, value: str, files: Sequence[KeptFile]) -> Unreadable:
    place = place_of(files, value) if value else files[0].name
    what = column.replace("_", " ").replace("\x1f", "")
    if column == "billing_currency" and len(value) < NAME_BYTES_MAX and "\x00" not in value:
        told = f"{value!r} is no currency" if value else "a row has no currency"
        return Unreadable(told, place, "Give the ISO 4217 code, for instance USD")
    if "\x00" in value:
        return Unreadable(f"the {what} holds a NUL character", place, "Fetch the file again")
    told = f"the {what} {value[:40]!r}… is longer than {_bytes_max(column)} bytes"
    return Unreadable(told, place, "Shorten it, or ask the provider for a new file")
