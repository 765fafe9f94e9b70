"""Report bridge as pages show it: its leaves, a waterfall, a table of effects, linked causes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.urls import reverse

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.causes import (
    EFFECTS,
    HEADINGS,
    KEYS,
    LEAVES,
    Cause,
    effects_of,
    line_of,
    subject,
)
from aicost.web.colours import colour
from aicost.web.tables import LINES
from aicost.web.waterfall import Step, announced, waterfall
from attribution.reports import REPORTS
from attribution.reports.spec import SHOWN

ZERO = Decimal(0)
FILTERS = REPORTS["bridge"].filters
EFFECTS_MAX = 60


@dataclass
class EffectLine:
    """One row of the table of effects: a name, what it cost and costs, and why it differs."""

    name: str
    line: str
    swatch: str = ""
    previous: Decimal = ZERO
    cost: Decimal = ZERO
    effects: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(KEYS, ZERO))
    href: str = ""
    keys: tuple[str, ...] = KEYS

    @property
    def delta(self) -> Decimal:
        return self.cost - self.previous

    def add(self, row: dict) -> None:
        self.previous += row["previous"]
        self.cost += row["cost"]
        for key, amount in effects_of(row).items():
            self.effects[key] += amount

    @property
    def cells(self) -> list[Decimal]:
        return [self.effects[key] for key in self.keys]


def leaves(ask: Ask, period: Period, **changes) -> list[dict]:
    """The leaves of the bridge in their largest currency; `changes` are fields of Spec."""
    asked = {"group_by": LEAVES, "idle": SHOWN, "shared": SHOWN} | changes
    rows = ask.report("bridge", period=period, **asked).rows
    totals: dict[str, Decimal] = {}
    for row in rows:
        weight = abs(row["cost"]) + abs(row["previous"])
        totals[row["currency"]] = totals.get(row["currency"], ZERO) + weight
    main = max(totals, key=lambda currency: totals[currency], default="")
    return [row for row in rows if row["currency"] == main]


def currency_of(rows: Sequence[dict]) -> str:
    return rows[0]["currency"] if rows else ""


def costs(rows: Iterable[dict]) -> tuple[Decimal, Decimal]:
    """(what all rows cost before, what they cost now)."""
    rows = list(rows)
    return (
        sum((row["previous"] for row in rows), ZERO),
        sum((row["cost"] for row in rows), ZERO),
    )


def by_step(rows: Iterable[dict]) -> dict[date, list[dict]]:
    """The rows of each step in order, from the first that has a bill to be compared with."""
    found: dict[date, list[dict]] = {}
    for row in rows:
        found.setdefault(row["period"], []).append(row)
    known = {when: group for when, group in sorted(found.items()) if costs(group)[0]}
    return known


def steps_of(found: dict[str, Decimal], first: str, last: str, before: Decimal) -> list[Step]:
    """The bars of a bridge that begins at `before`, of effects by cause; those of nothing have
    none."""
    changes = [Step(HEADINGS[key], found[key]) for key in KEYS if found[key]]
    after = before + sum(found.values(), ZERO)
    return [Step(first, before, True), *changes, Step(last, after, True)]


def bridge_context(steps: Sequence[Step], currency: str, note: str) -> dict:
    """What the template of a waterfall needs beside its figure."""
    text = f"{note}{announced(steps, currency)}"
    rows = [
        (x.name, [(numbers.money if x.total else numbers.change)(x.amount, currency)])
        for x in steps
    ]
    return {
        "note": text,
        "summary": f"{text} " + "; ".join(f"{name} {cells[0]}" for name, cells in rows) + ".",
        "size": "medium",
        "twin": {"first": "", "columns": [f"Cost, {numbers.sign_of(currency)}"], "rows": rows},
    }


def bridge_figure(steps: Sequence[Step], currency: str) -> dict:
    return waterfall(steps, currency) if len(steps) > 1 else {"data": [], "layout": {}}


def effect_lines(ask: Ask, rows: Iterable[dict], ends: tuple[date, date] | None = None) -> list:
    """Rows by name, the largest change first, then the lines below. With `ends` cost and previous
    are those of the first and the last step of a chain, whose effects are summed."""
    found: dict[tuple, EffectLine] = {}
    for row in rows:
        name, kind = subject(row), line_of(row)
        key = (name, kind)
        if key not in found:
            swatch = colour("feature", row["feature"], "workload" if kind == "owned" else kind)
            found[key] = EffectLine(name, kind, swatch)
        line = found[key]
        previous, cost = line.previous, line.cost
        line.add(row)
        if ends is not None:
            line.previous = previous + (row["previous"] if row["period"] == ends[0] else ZERO)
            line.cost = cost + (row["cost"] if row["period"] == ends[1] else ZERO)
    return sorted(found.values(), key=lambda x: (LINES.index(x.line), -abs(x.delta), x.name))


def shortened(lines: list[EffectLine], lines_max: int = EFFECTS_MAX) -> list[EffectLine]:
    """The lines with the smallest changes as one, so that they still add up."""
    owned = [line for line in lines if line.line == "owned"]
    if len(owned) <= lines_max:
        return lines
    rest = total_of(owned[lines_max - 1 :])
    rest.name, rest.line = f"{len(owned) - lines_max + 1} others", "other"
    rest.swatch = "s-other"
    return [*owned[: lines_max - 1], rest, *(line for line in lines if line.line != "owned")]


def total_of(lines: Iterable[EffectLine]) -> EffectLine:
    total = EffectLine("Total", "total", "s-total")
    for line in lines:
        total.previous += line.previous
        total.cost += line.cost
        for key, amount in line.effects.items():
            total.effects[key] += amount
    return total


def effects_table(lines: Sequence[EffectLine]) -> dict:
    """Lines, the smallest as one, their total and the headings of the effects that any line has."""
    lines = shortened(list(lines))
    keys = tuple(key for key in KEYS if any(line.effects[key] for line in lines))
    total = total_of(lines)
    for line in (*lines, total):
        line.keys = keys
    heads = [(heading, says) for key, heading, says in EFFECTS if key in keys]
    return {"lines": lines, "total": total, "heads": heads}


def cause_url(ask: Ask, cause: Cause, period: Period) -> str:
    """Explore with what a cause is about: its feature or line in its period, by part."""
    features = tuple(dict.fromkeys(row["feature"] for row in cause.rows))
    filters = dict(ask.view.filters) | {"feature": features}
    if cause.line in ("shared", "idle", "unattributed"):
        filters["kind"] = (cause.line,)
    group = (
        ("state",) if cause.line in ("shared", "idle", "unattributed") else ("model", "activity")
    )
    view = ask.view.query(filters=filters, group_by=group, preset="custom", period=period)
    return f"{reverse('explore')}?{view}"
