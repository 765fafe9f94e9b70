"""`cost` with the cost class of its money. The class is decided when reading, from what the rules
of the table ask; nothing of it stands in the ledger, and every row of `cost` has exactly one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period, month_start, next_month
from attribution.finance.editions import Editions, editions
from attribution.reports.base import NAMING_DIMENSIONS
from attribution.reports.cost import every_column
from attribution.reports.expected import ESTIMATED, with_expected
from attribution.reports.spec import Spec

CLASS, UNPRICED = "cost_class", "unpriced"
MONEY = ("cost", "idle_cost", "idle_spread", "shared_spread")
ZERO = Decimal(0)


def classed_rows(
    spec: Spec, more: Sequence[str] = (), classes: Editions | None = None
) -> list[dict]:
    """Rows by period, the groups of the question, class, line and currency, with MONEY, ESTIMATED
    (None: nothing of what is expected has a price) and UNPRICED (whether something has none); they
    sum to the rows of `cost`. `more` are further dimensions to keep apart; `classes` are other
    rules than those in force."""
    classes = classes or editions("cost_classes")
    kept = tuple(dict.fromkeys((*spec.group_by, *more)))
    asked = tuple(dict.fromkeys((*kept, "kind", *classes.asked)))
    wanted = spec.filters.get(CLASS)
    filters = {name: values for name, values in spec.filters.items() if name != CLASS}
    summed: dict[tuple, dict] = {}
    for part, month in _parts(spec, classes):
        question = replace(part, group_by=asked, filters=filters)
        for row in with_expected(question, every_column(question)):
            when = month or month_start(row["period"])
            named = classes.of(when).first(row, when)[CLASS]
            if wanted is not None and named not in wanted:
                continue
            line = _line(spec, row)
            period = spec.period.start if spec.granularity == "total" else row["period"]
            key = (period, *(row[name] or "" for name in kept), named, line, row["currency"])
            _add(summed.setdefault(key, _empty(key, kept)), row)
    for row in summed.values():
        row[ESTIMATED] = None if row[UNPRICED] and not row[ESTIMATED] else row[ESTIMATED]
    return [row for row in summed.values() if not _gave_all(row)]


def _parts(spec: Spec, classes: Editions) -> list[tuple[Spec, date | None]]:
    """The question month by month where months may differ, else as a whole."""
    if not classes.changes:
        return [(spec, spec.period.start)]
    found, start = [], spec.period.start
    while start < spec.period.end:
        end = min(next_month(start), spec.period.end)
        found.append((replace(spec, period=Period(start, end)), start))
        start = end
    return found


def _line(spec: Spec, row: dict) -> str:
    """The line of `cost`, had it been asked for the groups of the question alone."""
    naming = [name for name in spec.group_by if name in NAMING_DIMENSIONS]
    if any(row[name] for name in naming):
        return "owned"
    described = "kind" in spec.group_by or "state" in spec.group_by
    if not naming and (not described or row["kind"] == "workload"):
        return "owned"
    return row["kind"]


def _empty(key: tuple, kept: Sequence[str]) -> dict:
    names = ("period", *kept, CLASS, "line", "currency")
    money = dict.fromkeys((*MONEY, ESTIMATED), ZERO)
    return dict(zip(names, key, strict=True)) | money | {UNPRICED: False}


def _add(total: dict, row: dict) -> None:
    for name in MONEY:
        total[name] += row[name] or ZERO
    more = row.get(ESTIMATED, ZERO)
    total[UNPRICED] |= more is None
    total[ESTIMATED] += more or ZERO


def _gave_all(row: dict) -> bool:
    """A pool that was spread whole has no line of its own left."""
    given = row["idle_spread"] or row["shared_spread"]
    empty = not row["cost"] and row[ESTIMATED] == ZERO
    return bool(row["line"] in ("idle", "shared") and given and empty)
