"""Why cost moved: the change of each row in effects of days, volume, mix, size, price, and what is
new, gone, idle, a credit, late or without a measured quantity (attribution/drivers.py). Every row
adds up to its change. Asked `by_rules`, what rules moved that changed in between is told apart: the
earlier period is replayed under the later rules.

A leaf is a feature, model, experiment and activity. Its quantity is calls for inference and GPU
hours for training and experimentation; leaves of one feature and unit are one group, between which
mix is measured. Effects are computed for all leaves the asker may see and then summed, so that a
row says the same under every grouping and filter."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS
from attribution.drivers import EFFECTS, Leaf, Side
from attribution.entities.hierarchy import names_on
from attribution.reports.base import Report, hours, pick
from attribution.reports.bridge_late import (
    OpenBill,
    add_missing,
    expected,
    open_bills,
    spans_missing,
    without_estimates,
)
from attribution.reports.bridge_leaves import (
    BEGUN_OR_ENDED,
    CALLS,
    CREDIT,
    GPU_HOURS,
    LEAF,
    UNITS,
    Key,
    Placed,
    chained,
    credited,
    decomposed,
    measured,
)
from attribution.reports.compare import previous_period, step_of
from attribution.reports.convert import EXACT_DIGITS, folded
from attribution.reports.cost import billed_rows
from attribution.reports.spec import LEFT_OUT, Spec
from attribution.ruling.between import moved_between
from attribution.ruling.replay.engine import Replayed

ABOVE = tuple(level for level, name in LEVELS.items() if name in LEAF)
CREDITS, RULES = "credits", "rules"
WHOLE = {"idle": "idle", "shared": "unmetered", "unattributed": "unmetered"}
POOLS = ("shared", "idle", "unattributed")
LINES = ("owned", "workload", *POOLS)
# What describes money and does not own it.
DESCRIBING = ("kind", BEGUN_OR_ENDED)
_COLUMN_OF = {name: f"{name}_effect" for name in EFFECTS}
MONEY = ("previous", "cost", "delta", *_COLUMN_OF.values())
QUANTITIES = tuple(
    f"{before}{name}" for name in (CALLS, "tokens", GPU_HOURS) for before in ("", "previous_")
)
ZERO = Decimal(0)
COST = ("cost",)


def columns(spec: Spec) -> tuple[str, ...]:
    return ("period", "against", *spec.group_by, "line", "currency", *MONEY, *QUANTITIES)


def rows(spec: Spec) -> list[dict]:
    """With a granularity each whole step stands against the step before it; a step that the period
    cuts is left out, for part of a month says nothing against a month."""
    return _rows(spec, set())


def exchanged(spec: Spec) -> tuple[list[dict], tuple]:
    """Each side at the rates of its own months before anything is compared, so that a rate that
    moved is part of the effect of price; and the rates that are missing."""
    missing: set = set()
    with localcontext(prec=EXACT_DIGITS):
        return _rows(spec, missing), tuple(sorted(missing))


def _rows(spec: Spec, missing: set) -> list[dict]:
    found = []
    for now, before, placed in _steps(spec, missing):
        above = {
            level: names_on(level, now.end - timedelta(days=1))
            for level in {*spec.group_by, *spec.filters} & set(ABOVE)
        }
        found += _summed(spec, now, before, placed, above)
    return found


def _steps(spec: Spec, missing: set) -> Iterator[tuple[Period, Period, list[Placed]]]:
    """(period, period compared with, leaves). A chain as it was billed is told by one query; what
    is exchanged, replayed or not all in yet is laid side by side here."""
    if spec.granularity == "total":
        other = spec.against or previous_period(spec.period)
        bills = open_bills(max(spec.period, other, key=lambda one: one.end))
        old, new = (
            _sides(replace(spec, period=p), missing, bills).get(p.start, {})
            for p in (other, spec.period)
        )
        _complete(spec, (other, spec.period), (old, new), bills, missing)
        if spec.by_rules:
            old = _under_new_rules(old, moved_between(other, spec.period, spec.basis))
        yield spec.period, other, _decomposed(old, new, other, spec.period)
        return
    steps = whole_steps(spec.period, spec.granularity)
    if not steps:
        return
    start = step_of(steps[0].start - timedelta(days=1), spec.granularity, steps[0].start)
    first = Period(start, steps[0].start)
    bills = open_bills(Period(start, steps[-1].end))
    if not (spec.in_currency or bills):
        yield from chained(spec, first, steps)
        return
    sides = _sides(replace(spec, period=Period(start, steps[-1].end)), missing, bills)
    for before, now in zip([first, *steps], steps, strict=False):
        # a step is completed by the one before it, and stands so beside the next
        old, new = (sides.setdefault(one.start, {}) for one in (before, now))
        _complete(spec, (before, now), (old, new), bills, missing)
        yield now, before, _decomposed(old, new, before, now)


def whole_steps(period: Period, granularity: str) -> list[Period]:
    """The weeks, months or quarters that lie wholly inside the period, in order."""
    starts: list[date] = []
    for day in (*period.days(), period.end):
        start = step_of(day, granularity, period.start)
        if start >= period.start and start not in starts[-1:]:
            starts.append(start)
    return [Period(a, b) for a, b in zip(starts, starts[1:], strict=False) if b <= period.end]


def _sides(spec: Spec, missing: set, bills: Sequence[OpenBill]) -> dict[date, dict[Key, Side]]:
    """period -> (*LEAF, kind, currency, "", credits or late) -> its side of the bridge. Money
    first; calls and GPU hours of names without money have nothing to explain. Credits, and what
    telemetry says is not billed yet, are leaves of their own."""
    asked = replace(spec, group_by=(*LEAF, "kind"), filters={}, estimates=LEFT_OUT)
    found: dict[date, dict[Key, Side]] = {}
    known = measured(asked)
    back = {_leaf(row): row["cost"] for row in folded(asked, _credits, COST, missing)}
    for when, key in back:
        found.setdefault(when, {})[*key, CREDITS] = Side(back[when, key])
    for row in folded(asked, _money, COST, missing):
        when, key = _leaf(row)
        cost = row["cost"] - back.get((when, key), ZERO)
        workload = row["kind"] == "workload"
        side = known.side(when, key[:4], cost) if workload else Side(cost)
        found.setdefault(when, {})[*key, ""] = side
    for row in expected(asked, bills, missing):
        when, key = _leaf(row)
        sides = found.setdefault(when, {})
        if (*key, "") not in sides:
            sides[*key, ""] = known.side(when, key[:4], ZERO) if key[4] == "workload" else Side()
        add_missing(sides, (*key, ""), row["cost"])
    return found


def _complete(
    spec: Spec,
    periods: tuple[Period, Period],
    sides: tuple[dict[Key, Side], dict[Key, Side]],
    bills: Sequence[OpenBill],
    missing: set,
) -> None:
    """Of leaves without estimates, days that a bill has not reached, at what they cost in the
    other period."""
    found = []
    for at, side in enumerate(sides):
        for source, days in spans_missing(periods[at], periods[1 - at], bills):
            asked = replace(spec, period=days, granularity="total", group_by=(*LEAF, "kind"),
                            filters={"source": (source,)}, estimates=LEFT_OUT)  # fmt: skip
            rows = folded(asked, _money, COST, missing)
            found += [(side, (*_leaf(row)[1], ""), row["cost"]) for row in rows]
    # looked at before any is added: a leaf may stand on two bills
    free = [one for one in found if without_estimates(one[0], one[1])]
    for side, key, cost in free:
        add_missing(side, key, cost)


def _under_new_rules(sides: dict[Key, Side], moved: Replayed) -> dict[Key, Side]:
    """The earlier sides as the later rules have them; what that moved is a leaf of its own, which
    was and is no more, so that neither period's cost changes."""
    found, gained = dict(sides), defaultdict(lambda: ZERO)
    for (where, currency), (was, would) in moved.stands.items():
        owned = where.kind == "workload" or any(
            (where.workload, where.model, where.feature, where.experiment, where.team)
        )
        activity = where.activity if owned else ""
        names = (where.feature, where.model, where.experiment, activity)
        gained[*names, where.kind, currency] += would - was
    for key, more in gained.items():
        if more:
            side = found.get((*key, ""), Side())
            found[*key, ""] = replace(side, cost=side.cost + more)
            found[*key, RULES] = Side(-more)
    return found


def _leaf(row: Mapping) -> tuple[date, Key]:
    names = tuple(row[name] or "" for name in LEAF)
    return row["period"], (*names, row["kind"], row["currency"])


def _credits(asked: Spec) -> list[dict]:
    """The credits of the leaves."""
    if not credited(asked):
        return []
    return _money(replace(asked, filters={"charge_category": (CREDIT,)}))


def _money(spec: Spec) -> list[dict]:
    return pick(billed_rows(spec), ("period", *LEAF, "kind", "currency", "cost"))


def _decomposed(
    old: dict[Key, Side], new: dict[Key, Side], before: Period, now: Period
) -> list[Placed]:
    leaves = []
    for key in dict.fromkeys((*old, *new)):
        feature, _, _, activity, kind, currency, told = key
        group = (feature, UNITS.get(activity, ""), currency)
        whole = told or WHOLE.get(kind, "")
        leaf = Leaf(group, old.get(key, Side()), new.get(key, Side()), whole)
        leaves.append((key[:4], kind, currency, leaf))
    return list(decomposed(leaves, (before.length_days, now.length_days)))


def _summed(
    spec: Spec, now: Period, before: Period, placed: list[Placed], above: Mapping[str, Mapping]
) -> list[dict]:
    """Leaves summed by the groups asked for; names stand below what they did on the last day."""
    found: dict[Key, dict] = {}
    blank = dict.fromkeys(columns(spec)) | dict.fromkeys(MONEY, ZERO)
    blank |= {"period": now.start, "against": before.start}
    heads = (*spec.group_by, "line", "currency")
    for one in placed:
        named = one.names | {"kind": one.kind}
        for level, names in above.items():
            named[level] = names.get(one.names[LEVELS[level]], _alone(level, one.names))
        if any(named[name] not in values for name, values in spec.filters.items()):
            continue
        groups = [named[name] for name in spec.group_by]
        key = (*groups, _line(named, spec.group_by), one.currency)
        if (row := found.get(key)) is None:
            row = found[key] = blank | dict(zip(heads, key, strict=True))
        _add(row, one)
    return sorted(found.values(), key=lambda row: _largest_first(row, spec))


def _line(named: Mapping[str, str], group_by: tuple[str, ...]) -> str:
    """As report cost has it: kind describes money, it does not own it."""
    naming = [name for name in group_by if name not in DESCRIBING]
    if not group_by or any(named[name] for name in naming):
        return "owned"
    return "owned" if not naming and named["kind"] == "workload" else named["kind"]


def _alone(level: str, names: Mapping[str, str]) -> str:
    """A model that is no version of another is its own base model."""
    return names["model"] if level == "base_model" else ""


def _add(row: dict, one: Placed) -> None:
    before, after = one.before, one.after
    row["previous"] += before.cost
    row["cost"] += after.cost
    row["delta"] += after.cost - before.cost
    for name, amount in one.effects.items():
        if amount:
            row[_COLUMN_OF[name]] += amount
    if not (before.is_measured or after.is_measured):
        return
    unit = UNITS.get(one.names["activity"], "")
    for prefix, side in (("", after), ("previous_", before)):
        if side.quantity is not None:
            told = side.quantity if unit == CALLS else hours(side.quantity)
            row[prefix + unit] = (row[prefix + unit] or 0) + told
        if side.content is not None:
            row[f"{prefix}tokens"] = (row[f"{prefix}tokens"] or 0) + side.content


def _largest_first(row: dict, spec: Spec) -> tuple:
    names = tuple(row[name] for name in spec.group_by)
    return LINES.index(row["line"]), -abs(row["delta"]), names, row["currency"]


REPORT = Report(
    name="bridge",
    title="Why cost moved",
    rows=rows,
    columns=columns,
    groups=(*LEAF, "kind", *ABOVE, BEGUN_OR_ENDED),
    filters=(*LEAF, *ABOVE),
    granularities=("total", "week", "month", "quarter"),
    converts=True,
    exchanged=exchanged,
    against=True,
    groups_max=5,
)
