"""budgets.csv: budgets as a table, to read in and to write out. Reading is all or nothing and can
be repeated: what is already so changes nothing. An amount `-` removes the budget."""

from collections.abc import Mapping
import csv
from dataclasses import dataclass
import io

from django.db import transaction

from attribution.budgeting.edit import FIELDS, remove_budget, save_budget, texts_of
from attribution.entities.changes import By, EntityRefused
from attribution.entities.files import (
    NOTHING,
    PROBLEMS_MAX,
    BadTargets,
    Problem,
    quoted,
    unquoted,
)
from attribution.models import Budget

ROWS_MAX = 10_000
NAME = "name"  # what the file calls the title
COLUMNS = tuple(NAME if field == "title" else field for field in FIELDS)
NEEDED = (NAME, "amount", "currency")


class BadBudgets(BadTargets):
    """The file cannot be taken; nothing of it was. `problems` name line and cure."""


@dataclass(frozen=True)
class Taken:
    """How many rows the file has, and what they did."""

    rows: int
    added: int
    changed: int
    removed: int

    def __str__(self) -> str:
        return (f"{self.rows} rows: {self.added} budgets added, {self.changed} changed, "
                f"{self.removed} removed")  # fmt: skip


def import_budgets(text: str, by: By) -> Taken:
    """Take a budgets.csv. Raises BadBudgets naming every line that cannot be taken, with its cure;
    then nothing is changed."""
    rows = _rows(text)
    problems: list[Problem] = []
    did = {"added": 0, "changed": 0, "removed": 0, "": 0}
    with transaction.atomic():
        for line, cells in rows:
            try:
                with transaction.atomic():
                    did[_take(cells, by)] += 1
            except EntityRefused as error:
                problems.append(Problem(line, str(error), error.cure))
        if problems:
            raise BadBudgets(problems[:PROBLEMS_MAX])
    return Taken(len(rows), did["added"], did["changed"], did["removed"])


def _take(cells: Mapping[str, str], by: By) -> str:
    """What the row did: added, changed, removed or ''."""
    texts = {"title" if name == NAME else name: value for name, value in cells.items()}
    row = Budget.objects.filter(title=texts["title"]).first()
    if texts["amount"] == NOTHING:
        if row is not None:
            remove_budget(row, by)
        return "removed" if row else ""
    before = texts_of(row) if row else None
    after = texts_of(save_budget(texts, by, row))
    if before is None:
        return "added"
    return "changed" if before != after else ""


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        names = [(name or "").strip() for name in reader.fieldnames or ()]
        _check_header(names)
        reader.fieldnames = names
        found, seen = [], {}
        for row in reader:
            line = reader.line_num
            if None in row or None in row.values():
                raise BadBudgets([Problem(line, "it has not as many cells as the header",
                                          "Quote cells that hold a comma")])  # fmt: skip
            cells = {name: unquoted(value.strip()) for name, value in row.items()}
            if not any(cells.values()):
                continue
            if (name := cells[NAME]) in seen:
                raise BadBudgets([Problem(line, f"{name} stands already on line {seen[name]}",
                                          "Let each budget be one line")])  # fmt: skip
            seen[name] = line
            found.append((line, cells))
            if len(found) > ROWS_MAX:
                raise BadBudgets([Problem(line, f"more than {ROWS_MAX} rows", "Split the file")])
    except csv.Error as error:
        told = Problem(reader.line_num, f"no CSV ({error})", "Save it as CSV with commas, UTF-8")
        raise BadBudgets([told]) from error
    return found


def _check_header(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    absent = [name for name in NEEDED if name not in names]
    if unknown or absent or len(set(names)) < len(names):
        told = f"columns {', '.join(unknown)} are not known" if unknown else ""
        told = told or (f"column {', '.join(absent)} is missing" if absent else "a column is twice")
        raise BadBudgets([Problem(1, told, f"Take from: {', '.join(COLUMNS)}")])


def export_budgets() -> str:
    """All budgets as the file that `import_budgets` takes; those said with a name stand in
    targets.csv."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in Budget.objects.order_by("title"):
        texts = texts_of(row)
        writer.writerow([quoted(texts[field]) for field in FIELDS])
    return out.getvalue()
