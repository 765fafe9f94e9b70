"""The finance tables: read, saved as editions, exported and imported. Nothing of them is in the
ledger: reports apply them when they read, so a change moves no cent, only its class or account."""

from collections.abc import Iterable, Mapping, Sequence
import csv
import io

from django.db import IntegrityError, transaction

from aicost.accounts.audit import record
from aicost.kernel.cells import quoted, unquoted
from attribution.finance.shapes import SHAPES, Row, Shape, TableRefused, checked
from attribution.models import FinanceEdition
from attribution.vocabulary import rows as shipped

TABLE_SAVED = "finance_table_saved"
BUILT_IN = "built in"
_BYTES_MAX, _ROWS_MAX = 1_000_000, 2_000


def shape_of(name: str) -> Shape:
    try:
        return SHAPES[name]
    except KeyError:
        raise TableRefused(f"there is no table {name!r}", f"Take {', '.join(SHAPES)}") from None


def newest(name: str) -> FinanceEdition:
    """The edition in force; before anybody saved one, version 0 holds the built-in rows."""
    found = FinanceEdition.objects.filter(table=name).order_by("-version").first()
    return found or FinanceEdition(table=name, version=0, rows=built_in(name), why=BUILT_IN)


def built_in(name: str) -> list[dict[str, str]]:
    """The rows of attribution/data/<name>.csv, with which everybody begins."""
    return checked(shape_of(name), shipped(f"{name}.csv", ""))


def history(name: str) -> list[FinanceEdition]:
    """All editions, the newest first."""
    found = FinanceEdition.objects.filter(table=name).select_related("saved_by")
    return list(found.order_by("-version"))


def save(
    name: str, rows: Sequence[Row], user=None, why: str = "", based_on: int | None = None
) -> FinanceEdition:
    """Add an edition. `based_on` is the version the editor saw: when somebody saved another since,
    nothing is saved. Rows like those in force save nothing. Raises TableRefused."""
    found = checked(shape_of(name), rows)
    who = user if user is not None and user.is_authenticated else None
    before = newest(name)
    if based_on is not None and based_on != before.version:
        raise _meanwhile(before.version)
    if before.rows == found:
        return before
    try:
        with transaction.atomic():
            made = FinanceEdition.objects.create(
                table=name, version=before.version + 1, rows=found, saved_by=who, why=why.strip()
            )
            record(user, TABLE_SAVED, str(made), {"why": made.why, **_changed(before.rows, found)})
    except IntegrityError as error:
        raise _meanwhile(before.version + 1) from error
    return made


def _meanwhile(version: int) -> TableRefused:
    return TableRefused(f"somebody saved version {version} meanwhile", "Load the page again")


def revert(name: str, version: int, user=None, why: str = "") -> FinanceEdition:
    """Save the rows of an earlier version (0: built in) as the newest. Raises TableRefused."""
    rows = built_in(name)
    if version:
        found = FinanceEdition.objects.filter(table=name, version=version).first()
        if found is None:
            raise TableRefused(f"{name} has no version {version}", "Take one of its history")
        rows = found.rows
    return save(name, rows, user, why or f"back to version {version}")


def _changed(before: Sequence[Row], after: Sequence[Row]) -> dict[str, list]:
    return {
        "removed": [_told(row) for row in before if row not in after],
        "added": [_told(row) for row in after if row not in before],
        "rows": [len(after)],
    }


def _told(row: Row) -> dict[str, str]:
    return {name: text for name, text in row.items() if text}


def to_csv(name: str, rows: Iterable[Row]) -> str:
    """The table as a file; importing it changes nothing. No text can become a formula."""
    out = io.StringIO()
    writer = csv.DictWriter(out, shape_of(name).names, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: quoted(text) for key, text in row.items()})
    return out.getvalue()


def from_csv(name: str, text: str) -> list[dict[str, str]]:
    """The rows of a file, checked. Raises TableRefused naming row and column."""
    if len(text.encode()) > _BYTES_MAX:
        raise TableRefused("the file is larger than 1 MB", "A table has at most 2,000 rows")
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restval="", strict=True)
    try:
        rows = [_cells(number, row) for number, row in enumerate(reader, 2)]
    except csv.Error as error:
        raise TableRefused(f"the file is no CSV ({error})", "Write it with commas") from error
    if len(rows) > _ROWS_MAX:
        raise TableRefused(f"{len(rows)} rows are too many", f"Take at most {_ROWS_MAX}")
    return checked(shape_of(name), rows)


def _cells(number: int, row: Mapping) -> dict[str, str]:
    if None in row:
        raise TableRefused(f"line {number} has more cells than the header")
    return {name: unquoted(text) for name, text in row.items()}
