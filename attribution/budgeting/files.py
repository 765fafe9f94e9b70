"""budgets.csv: budgets as a table, to read in and to write out. Reading is all or nothing and can
be repeated: what is already so changes nothing. An amount `-` removes the budget."""

from collections.abc import Mapping
import csv
from functools import partial
import io

from aicost.kernel.cells import quoted
from attribution.budgeting.edit import FIELDS, remove_budget, save_budget, texts_of
from attribution.budgeting.taking import (
    ADDED,
    CHANGED,
    REMOVED,
    SAME,
    Taken,
    each_once,
    take_all,
)
from attribution.entities.changes import By
from attribution.models import Budget
from attribution.tablefile import NOTHING, read_table

ROWS_MAX = 10_000
NAME = "name"  # what the file calls the title
COLUMNS = tuple(NAME if field == "title" else field for field in FIELDS)
NEEDED = (NAME, "amount", "currency")


def import_budgets(text: str, by: By) -> Taken:
    """Take a budgets.csv. Raises BadTable naming every line that cannot be taken, with its cure;
    then nothing is changed."""
    rows = read_table(text, COLUMNS, NEEDED, ROWS_MAX)
    each_once(rows, (NAME,), "Let each budget be one line")
    return take_all("budgets", rows, partial(_take, by=by))


def _take(cells: Mapping[str, str], by: By) -> str:
    texts = {"title" if name == NAME else name: value for name, value in cells.items()}
    row = Budget.objects.filter(title=texts["title"]).first()
    if texts["amount"] == NOTHING:
        if row is not None:
            remove_budget(row, by)
        return REMOVED if row else SAME
    before = texts_of(row) if row else None
    after = texts_of(save_budget(texts, by, row))
    if before is None:
        return ADDED
    return CHANGED if before != after else SAME


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
