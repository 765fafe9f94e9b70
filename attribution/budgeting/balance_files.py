"""balances.csv: what is prepaid or promised as a table, to read in and to write out. Reading is all
or nothing and can be repeated. A balance `-` removes all balances of the name."""

from collections.abc import Mapping
import csv
from functools import partial
import io

from aicost.kernel.cells import quoted
from attribution.budgeting.balances import FIELDS, remove_balance, save_balance, texts_of
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
from attribution.models import CreditBalance
from attribution.tablefile import NOTHING, read_table

ROWS_MAX = 10_000
NAME = "name"  # what the file calls the title
COLUMNS = tuple(NAME if field == "title" else field for field in FIELDS)
NEEDED = (NAME, "day", "balance", "currency")


def import_balances(text: str, by: By) -> Taken:
    """Take a balances.csv. Raises BadTable naming every line that cannot be taken, with its cure;
    then nothing is changed."""
    rows = read_table(text, COLUMNS, NEEDED, ROWS_MAX)
    each_once(rows, (NAME, "day"), "Let each balance of a day be one line")
    return take_all("balances", rows, partial(_take, by=by))


def _take(cells: Mapping[str, str], by: By) -> str:
    texts = {"title" if name == NAME else name: value for name, value in cells.items()}
    of_name = CreditBalance.objects.filter(title=texts["title"])
    if texts["balance"] == NOTHING:
        row = of_name.first()
        if row is not None:
            remove_balance(row, by)
        return REMOVED if row else SAME
    standing = {one.pk: texts_of(one) for one in of_name.order_by("day")}
    # a column that the file has not says what the name's newest balance does
    carried = list(standing.values())[-1] if standing else {}
    made = save_balance(carried | texts, by)
    if made.pk not in standing:
        return ADDED
    return CHANGED if standing[made.pk] != texts_of(made) else SAME


def export_balances() -> str:
    """All balances as the file that `import_balances` takes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in CreditBalance.objects.order_by("title", "day"):
        texts = texts_of(row)
        writer.writerow([quoted(texts[field]) for field in FIELDS])
    return out.getvalue()
