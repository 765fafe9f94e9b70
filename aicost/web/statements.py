"""Rows of report `statement` as statements: one a name, their sections, what changed and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from aicost.web import numbers
from attribution.reports.statement import BESIDE, IN_BILL

ZERO = Decimal(0)
TITLES = {
    "used": "Used",
    "unclear": "Its own, by whom within it is unknown",
    "own_idle": "Own idle",
    "own_shared": "Shared cost it carries by name",
    "share_of_idle": "Share of idle capacity",
    "share_of_shared": "Share of shared cost",
    "correction": "Corrections of earlier months",
    "true_up": "True-up of the month before",
    "expected": "Still expected",
}
HEADS = {
    "used": "Used",
    "unclear": "Unclear",
    "own_idle": "Own idle",
    "own_shared": "Own shared",
    "share_of_idle": "Share of idle",
    "share_of_shared": "Share of shared",
}
NOTES = {
    "used": "what ran for it",
    "unclear": "tagged with its name, but no workload, model or feature is known",
    "own_idle": "capacity it held and did not use",
    "own_shared": "tax, support and fees that name it",
    "share_of_idle": "capacity that nobody reserved, by what each team spent",
    "share_of_shared": "tax, support and fees, by what each team spent",
    "correction": "billed with this month’s invoices; it stands in the months it is for",
    "true_up": "what the closed month costs now, less what was reported; its corrections too",
    "expected": "from measurements, for days whose bill is not final",
}
LINE_NAMES = {
    "workload": "Used",
    "shared": "Shared",
    "idle": "Idle",
    "unattributed": "Unattributed",
}
CAUSES_MAX, LINES_MAX = 3, 40
_CAUSE_MIN = Decimal("0.15")


@dataclass
class Part:
    """One line of a statement: what, where, how much now and in the month before."""

    section: str
    feature: str
    model: str
    service: str
    cost: Decimal
    previous: Decimal
    beside: Decimal | None

    @property
    def delta(self) -> Decimal:
        return self.cost - self.previous

    @property
    def name(self) -> str:
        return " · ".join(filter(None, (self.feature, self.model, self.service))) or "Other"


@dataclass
class Statement:
    """What one name is charged or shown in one currency; `line` says what has no name."""

    name: str
    line: str
    currency: str
    parts: list[Part] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.name or LINE_NAMES.get(self.line, "Used")

    @property
    def cost(self) -> Decimal:
        return sum((part.cost for part in self.parts), ZERO)

    @property
    def previous(self) -> Decimal:
        return sum((part.previous for part in self.parts), ZERO)

    @property
    def delta(self) -> Decimal:
        return self.cost - self.previous

    def of(self, section: str) -> Decimal:
        return sum((part.cost for part in self.parts if part.section == section), ZERO)

    def beside(self, section: str) -> Decimal | None:
        """What stands beside the bill; None when it has no price, which is not 0."""
        found = [part.beside for part in self.parts if part.section == section]
        return None if None in found else sum(found, ZERO)

    @property
    def sections(self) -> list[dict]:
        """The sections in the bill, with their lines, the dearest first; they sum to `cost`."""
        return [section for name in IN_BILL if (section := self._section(name))]

    @property
    def asides(self) -> list[dict]:
        found = []
        for name in BESIDE:
            if any(part.section == name for part in self.parts):
                told = {"title": TITLES[name], "note": NOTES[name], "amount": self.beside(name)}
                found.append(told)
        return found

    def _section(self, name: str) -> dict | None:
        parts = [part for part in self.parts if part.section == name]
        parts = sorted(parts, key=lambda part: (-part.cost, -part.previous, part.name))
        if not parts:
            return None
        shown, rest = parts[:LINES_MAX], parts[LINES_MAX:]
        if rest:
            costs = [sum((getattr(p, n) for p in rest), ZERO) for n in ("cost", "previous")]
            shown = [*shown, Part(name, f"{len(rest)} smaller lines", "", "", *costs, ZERO)]
        cost, previous = (
            sum((getattr(part, one) for part in parts), ZERO) for one in ("cost", "previous")
        )
        return {
            "title": TITLES[name],
            "note": NOTES[name],
            "parts": shown,
            "cost": cost,
            "previous": previous,
            "delta": cost - previous,
        }


def statements(rows: Sequence[dict], holder: str) -> list[Statement]:
    """One a name, line and currency: names by cost, then what has none."""
    found: dict[tuple, Statement] = {}
    for row in rows:
        key = (row["currency"], row["line"], row[holder])
        one = found.setdefault(key, Statement(row[holder], row["line"], row["currency"]))
        names = ("section", "feature", "model", "service", "cost", "previous", "beside")
        one.parts.append(Part(*(row[name] for name in names)))
    lines = ("owned", *LINE_NAMES)
    return sorted(
        found.values(),
        key=lambda one: (one.currency, lines.index(one.line), -one.cost, one.name),
    )


def why_changed(one: Statement, calls: dict[str, tuple]) -> str:
    """What the month before differs by, in a sentence; `calls` are (now, before) by feature."""
    if not one.delta:
        return "As much as the month before."
    moved = numbers.change(one.delta, one.currency)
    text = f"{moved} ({numbers.change_percent(one.cost, one.previous)}) on the month before"
    grouped: dict[tuple, Decimal] = {}
    for part in one.parts:
        what = part.feature or part.model or part.service
        key = (what if part.section == "used" else "", part.section)
        grouped[key] = grouped.get(key, ZERO) + part.delta
    ordered = sorted(grouped.items(), key=lambda item: -abs(item[1]))
    matter = [x for x in ordered if x[1] and abs(x[1]) >= abs(one.delta) * _CAUSE_MIN]
    said = []
    for (what, section), delta in matter[:CAUSES_MAX]:
        name = what or TITLES[section].lower()
        said.append(f"{name} {numbers.change(delta, one.currency)}{_more_calls(calls.get(what))}")
    return f"{text}: {', '.join(said)}." if said else f"{text}, in many small parts."


def _more_calls(told: tuple | None) -> str:
    """ " with 12% more inferences", when both months have calls and they differ by a percent."""
    now, was = told or (None, None)
    if not now or not was:
        return ""
    grown = (Decimal(now) - was) / was * 100
    if abs(grown) < 1:
        return ""
    return (
        f" with {numbers.percent_of(abs(grown), 0)} {'more' if grown > 0 else 'fewer'} inferences"
    )
