"""budgets.csv and balances.csv: budgets, and what is prepaid or promised, as tables to read in and
to write out. Reading is all or nothing and can be repeated: what is already so changes nothing. An
amount `-` removes the budget, a balance `-` all balances of the name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import csv
from functools import partial
import io

from aicost.kernel.cells import quoted
from attribution.budgeting import balances, edit
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
from attribution.models import Budget, CreditBalance
from attribution.tablefile import NOTHING, read_table

ROWS_MAX = 10_000
NAME = "name"  # what the files call the title


def import_budgets(text: str, by: By) -> Taken:
    """Take a budgets.csv. Raises BadTable naming every line that cannot be taken, with its cure;
    then nothing is changed."""
    needed, cure = (NAME, "amount", "currency"), "Let each budget be one line"
    return _taken("budgets", text, edit.FIELDS, needed, (NAME,), cure, partial(_budget, by=by))


def import_balances(text: str, by: By) -> Taken:
    """Take a balances.csv. Raises BadTable as `import_budgets` does."""
    needed, key = (NAME, "day", "balance", "currency"), (NAME, "day")
    cure, take = "Let each balance of a day be one line", partial(_balance, by=by)
    return _taken("balances", text, balances.FIELDS, needed, key, cure, take)


def export_budgets() -> str:
    """All budgets as the file that `import_budgets` takes; those said with a name stand in
    targets.csv."""
    return _written(edit.FIELDS, map(edit.texts_of, Budget.objects.order_by("title")))


def export_balances() -> str:
    """All balances as the file that `import_balances` takes."""
    rows = CreditBalance.objects.order_by("title", "day")
    return _written(balances.FIELDS, map(balances.texts_of, rows))


def _taken(
    what: str, text: str, fields: Iterable[str], needed: Sequence[str], key: Sequence[str],
    cure: str, take: Callable[[Mapping[str, str]], str],
) -> Taken:  # fmt: skip
    rows = read_table(text, _columns(fields), needed, ROWS_MAX)
    named = [(line, {"title" if n == NAME else n: told for n, told in cells.items()})
             for line, cells in each_once(rows, key, cure)]  # fmt: skip
    return take_all(what, named, take)


def _budget(texts: Mapping[str, str], by: By) -> str:
    row = Budget.objects.filter(title=texts["title"]).first()
    if texts["amount"] == NOTHING:
        if row is not None:
            edit.remove_budget(row, by)
        return REMOVED if row else SAME
    before = edit.texts_of(row) if row else None
    after = edit.texts_of(edit.save_budget(texts, by, row))
    if before is None:
        return ADDED
    return CHANGED if before != after else SAME


def _balance(texts: Mapping[str, str], by: By) -> str:
    of_name = CreditBalance.objects.filter(title=texts["title"])
    if texts["balance"] == NOTHING:
        row = of_name.first()
        if row is not None:
            balances.remove_balance(row, by)
        return REMOVED if row else SAME
    standing = {one.pk: balances.texts_of(one) for one in of_name.order_by("day")}
    # a column that the file has not says what the name's newest balance does
    carried = list(standing.values())[-1] if standing else {}
    made = balances.save_balance(carried | texts, by)
    if made.pk not in standing:
        return ADDED
    return CHANGED if standing[made.pk] != balances.texts_of(made) else SAME


def _columns(fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(NAME if field == "title" else field for field in fields)


def _written(fields: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_columns(fields))
    writer.writerows([quoted(texts[field]) for field in fields] for texts in rows)
    return out.getvalue()
