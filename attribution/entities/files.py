"""targets.csv: everything people say of names as one table, to read in and to write out.

Reading is all or nothing and can be repeated: what is already so changes nothing. An empty cell
leaves a thing as it is, `-` takes it away. Writing and reading again is no change."""

from collections.abc import Callable, Iterable, Iterator, Mapping
import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
import io
import itertools

from django.db import transaction

from aicost.kernel.cells import quoted
from aicost.kernel.money import parse_decimal, plain
from aicost.kernel.targets import DIMENSIONS
from attribution.entities.changes import By, EntityRefused
from attribution.entities.hierarchy import rebuild_above
from attribution.entities.naming import rename, separate, spans_of
from attribution.entities.registry import (
    DETAILS,
    Dates,
    save_details,
    set_budget,
    set_parent,
)
from attribution.entities.spans import Span, overwritten
from attribution.models import Entity, EntityBudget, EntityChange, EntityParent
from attribution.tablefile import NOTHING, PROBLEMS_MAX, BadTable, Problem, read_table
from ingest.models import Alias

ROWS_MAX = 100_000
COLUMNS = (
    "dimension",
    "name",
    "title",
    "owner",
    "status",
    "retired_on",
    "parent_dimension",
    "parent",
    "budget",
    "budget_currency",
    "budget_period",
    "alias_of",
    "valid_from",
    "valid_to",
    "business_case",
    "expected_value",
    "expected_currency",
    "attributes",
    "note",
)
NEEDED = ("dimension", "name")


@dataclass(frozen=True)
class Imported:
    """`rows` of the file, and how many changes of the history they made."""

    rows: int
    changes: int


def import_targets(text: str, by: By) -> Imported:
    """Take a targets.csv. Raises BadTable naming every line that cannot be taken, with its cure;
    then nothing is changed."""
    rows = read_table(text, COLUMNS, NEEDED, ROWS_MAX)
    problems: list[Problem] = []
    with transaction.atomic():
        before = EntityChange.objects.count()
        for step in (_details, _above, _names):
            for line, row in rows:
                if any(row.get(cell) for cell in _CELLS[step]):
                    _try(step, line, row, by, problems)
            if step is _above:  # once, not with every row
                rebuild_above()
        if problems:
            raise BadTable(sorted(problems, key=lambda one: one.line)[:PROBLEMS_MAX])
        return Imported(len(rows), EntityChange.objects.count() - before)


def _try(step: Callable, line: int, row: Mapping, by: By, problems: list[Problem]) -> None:
    try:
        with transaction.atomic():
            step(row, by)
    except EntityRefused as error:
        problems.append(Problem(line, str(error), error.cure))
    except ValueError as error:
        problems.append(Problem(line, str(error), "Correct the cell or leave it empty"))


def _details(row: Mapping[str, str], by: By) -> None:
    given = {name: row[name] for name in DETAILS if row.get(name)}
    if row.get("alias_of") and not given:
        return
    values: dict[str, object] = {}
    for name, text in given.items():
        values[name] = _cleared(name) if text == NOTHING else _PARSE.get(name, str)(text)
    if values.get("expected_value") is not None and "expected_currency" not in values:
        raise EntityRefused("an expected value without a currency", "Give expected_currency")
    save_details(row["dimension"], row["name"], values, by)


def _above(row: Mapping[str, str], by: By) -> None:
    dates = _dates(row)
    level, parent = row.get("parent_dimension", ""), row.get("parent", "")
    if parent and not level:
        raise EntityRefused("a parent without parent_dimension", "Say what kind of name it is")
    if parent:
        parent = "" if parent == NOTHING else parent
        names = (row["dimension"], row["name"], level, parent)
        set_parent(*names, by, dates, rebuild=False)
    budget = row.get("budget", "")
    if budget == NOTHING:
        set_budget(row["dimension"], row["name"], None, "", "", by, dates)
    elif budget:
        currency, period = row.get("budget_currency", ""), row.get("budget_period") or "month"
        amount = parse_decimal(budget)
        set_budget(row["dimension"], row["name"], amount, currency, period, by, dates)


def _names(row: Mapping[str, str], by: By) -> None:
    new = row.get("alias_of", "")
    if not new:
        return
    dates = _dates(row)
    if new == NOTHING:
        if spans_of(row["dimension"], row["name"]):
            separate(row["dimension"], row["name"], by, dates[0])
        return
    spans = spans_of(row["dimension"], row["name"])
    if overwritten(spans, Span(*dates, new)) != spans:
        rename(row["dimension"], row["name"], new, by, dates)


def _dates(row: Mapping[str, str]) -> Dates:
    start, end = row.get("valid_from", ""), row.get("valid_to", "")
    return (_day(start) if start else None, _day(end) if end else None)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise EntityRefused(f"{text[:20]!r} is no date", "Write YYYY-MM-DD") from error


def parse_attributes(text: str) -> dict[str, str]:
    """`parameters=7B; context=128000` as names and texts. Raises EntityRefused."""
    found = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        name, equals, value = part.partition("=")
        if not equals:
            raise EntityRefused(f"{part[:40]!r} is no attribute", "Write name=value; name=value")
        found[name.strip()] = value.strip()
    return found


# What a step reads of a row; without any of it there is nothing to do.
_CELLS: dict[Callable, tuple[str, ...]] = {
    _details: NEEDED,
    _above: ("parent", "budget"),
    _names: ("alias_of",),
}
_PARSE: dict[str, Callable[[str], object]] = {
    "retired_on": _day,
    "expected_value": parse_decimal,
    "attributes": parse_attributes,
}


def _cleared(name: str) -> object:
    return {"retired_on": None, "expected_value": None, "attributes": {}, "status": "active"}.get(
        name, ""
    )


def export_targets() -> str:
    """All that is said of names, as the file that `import_targets` takes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    lines = sorted(_lines(), key=lambda row: (row["dimension"], row["name"]))
    writer.writerows(map(_quoted, lines))
    return out.getvalue()


def _lines() -> Iterator[dict[str, str]]:
    for one in Entity.objects.order_by("dimension", "name"):
        texts = {name: _cell(getattr(one, name)) for name in DETAILS}
        yield {"dimension": one.dimension, "name": one.name} | texts
    rows: Iterable = itertools.chain(
        EntityParent.objects.order_by("level", "valid_from"),
        EntityBudget.objects.order_by("valid_from"),
        Alias.objects.filter(dimension__in=DIMENSIONS).order_by("valid_from"),
    )
    for row in rows:
        dates = {"valid_from": _cell(row.valid_from), "valid_to": _cell(row.valid_to)}
        name = row.raw if isinstance(row, Alias) else row.name
        yield {"dimension": row.dimension, "name": name} | dates | _said(row)


def _said(row: EntityParent | EntityBudget | Alias) -> dict[str, str]:
    if isinstance(row, EntityParent):
        return {"parent_dimension": row.level, "parent": row.parent}
    if isinstance(row, Alias):
        return {"alias_of": row.canonical}
    return {
        "budget": plain(row.amount),
        "budget_currency": row.currency,
        "budget_period": row.period,
    }


def _quoted(row: Mapping[str, str]) -> dict[str, str]:
    return {name: quoted(text) for name, text in row.items()}


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return "; ".join(f"{name}={text}" for name, text in value.items())
    return "" if value is None else str(value)
