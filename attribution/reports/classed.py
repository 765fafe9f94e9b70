"""`cost` with the cost class of its money. The class is decided when reading, from what the rules
of the table ask; nothing of it stands in the ledger, and every row of `cost` has exactly one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period, month_start, next_month
from attribution.finance.editions import Editions, editions
from attribution.reports.base import NAMING_DIMENSIONS
from attribution.reports.compare import step_of
from attribution.reports.cost import gave_all, standing
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
    found = standing_classed(spec, more, classes)
    return [row for row in found if not gave_all(row) or row[ESTIMATED] != ZERO]


def standing_classed(
    spec: Spec, more: Sequence[str] = (), classes: Editions | None = None
) -> list[dict]:
    """`classed_rows` with the pools that gave everything away, for what is summed further."""
    classes = classes or editions("cost_classes")
    kept = tuple(dict.fromkeys((*spec.group_by, *more)))
    asked = tuple(dict.fromkeys((*kept, "kind", *classes.asked)))
    wanted = spec.filters.get(CLASS)
    filters = {name: values for name, values in spec.filters.items() if name != CLASS}
    summed: dict[tuple, dict] = {}
    named = _Named(classes)
    for part, month in _parts(spec, classes):
        question = replace(part, group_by=asked, filters=filters)
        for row in with_expected(question, standing(question)):
            class_of = named.of(row, month or month_start(row["period"]))
            if wanted is not None and class_of not in wanted:
                continue
            line = _line(spec, row)
            period = row["period"]
            if spec.granularity in ("total", "quarter"):  # asked by month, it may be
                period = step_of(period, spec.granularity, spec.period.start)
            key = (period, *(row[name] or "" for name in kept), class_of, line, row["currency"])
            if key not in summed:
                summed[key] = _empty(key, kept)
            _add(summed[key], row)
    for row in summed.values():
        row[ESTIMATED] = None if row[UNPRICED] and not row[ESTIMATED] else row[ESTIMATED]
    return list(summed.values())


class _Named:
    """The class of a row; rows that are alike in all that is asked are looked at once."""

    def __init__(self, classes: Editions):
        self.classes, self.asked = classes, classes.asked
        self.known: dict[tuple, str] = {}

    def of(self, row: dict, month: date) -> str:
        key = (month, *(row[name] for name in self.asked))
        if key not in self.known:
            self.known[key] = self.classes.of(month).first(row, month)[CLASS]
        return self.known[key]


def _parts(spec: Spec, classes: Editions) -> list[tuple[Spec, date | None]]:
    """The question as a whole, by months at least where these may differ; weeks, which may stand
    in two, month by month."""
    if not classes.changes:
        return [(spec, spec.period.start)]
    if spec.granularity != "week":
        step = "day" if spec.granularity == "day" else "month"
        return [(replace(spec, granularity=step), None)]
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
        total[name] += row.get(name) or ZERO
    more = row.get(ESTIMATED, ZERO)
    total[UNPRICED] |= more is None
    total[ESTIMATED] += more or ZERO
