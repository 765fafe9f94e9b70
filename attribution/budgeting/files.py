"""budgets.csv: budgets as a table, to read in and to write out. Reading is all or nothing and can
be repeated: what is already so changes nothing. An amount `-` removes the budget."""

from collections.abc import Mapping
import csv
from dataclasses import dataclass
import io

from django.db import transaction

from aicost.kernel.cells import quoted
from attribution.budgeting.edit import FIELDS, remove_budget, save_budget, texts_of
from attribution.entities.changes import By, EntityRefused
from attribution.models import Budget
from attribution.tablefile import NOTHING, PROBLEMS_MAX, BadTable, Problem, read_table

ROWS_MAX = 10_000
NAME = "name"  # what the file calls the title
COLUMNS = tuple(NAME if field == "title" else field for field in FIELDS)
NEEDED = (NAME, "amount", "currency")


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
    """Take a budgets.csv. Raises BadTable naming every line that cannot be taken, with its cure;
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
            raise BadTable(problems[:PROBLEMS_MAX])
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
    """The rows, each of another budget. Raises BadTable."""
    rows = read_table(text, COLUMNS, NEEDED, ROWS_MAX)
    seen: dict[str, int] = {}
    for line, cells in rows:
        if (name := cells[NAME]) in seen:
            raise BadTable([Problem(line, f"{name} stands already on line {seen[name]}",
                                    "Let each budget be one line")])  # fmt: skip
        seen[name] = line
    return rows


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
