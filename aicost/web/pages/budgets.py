"""Budgets: what may be spent, what is, and where it ends, with how likely that is above; the worst
first. What is prepaid or promised burns down below."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.scope import may_edit_names
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.burning import burning, burning_data
from aicost.web.filters import label
from aicost.web.names import last_day, target_url
from aicost.web.pacing import stated, whole_of
from aicost.web.parts import RESIDUAL, STAMP, cost_blocks
from aicost.web.shell import Page, Panel
from aicost.web.sorting import Sorting
from attribution.models.budgets import ALERT, BREACH, NOTHING_ROLLS, ONCE, WARN
from attribution.reports.budgets import FILTER, WHOLE
from attribution.reports.sheets import Sheet, sheet_of, sheet_of_answer

ZERO = Decimal(0)
BAR_WIDTH = Decimal(160)
# The bar ends at a half more than the budget: what lies beyond is cut there.
BAR_TOP = Decimal("1.5")
WITHOUT_SHOWN = 5


def _end_of(row: Mapping) -> Decimal | None:
    """Where a row of the file ends; None where nothing is known."""
    return None if row["used"] is None else whole_of(row)


# Unasked the worst stand first.
SORTS = Sorting(
    {
        "name": "row.name",
        "kind": "row.kind",
        "owner": "row.owner",
        "available": "row.available",
        "used": "row.used",
        "end": "end",
        "probability_percent": "row.probability_percent",
        "breach_on": "row.breach_on",
    },
    words=("name", "kind", "owner", "breach_on"),
    data={"end": _end_of},
)
ROLLS = {"unspent": "what is left goes on to the next", "all": "what is left or overspent goes on"}


@dataclass(frozen=True)
class Kept:
    """One row of report `budgets` as it is shown."""

    row: dict
    url: str
    edit: str

    @property
    def state(self) -> str:
        """over, ahead (an alert), near (a warning), within, or unknown."""
        told = {BREACH: "over", ALERT: "ahead", WARN: "near"}.get(self.row["level"], "")
        return told or ("within" if self.row["available"] is not None else "unknown")

    @property
    def kind(self) -> str:
        kind = self.row["kind"]
        if kind == WHOLE:
            return kind
        return self.row["filters"] if kind == FILTER else label(kind).lower()

    @property
    def over_by(self) -> Decimal:
        return self.row["used"] - self.row["available"]

    @property
    def period(self) -> str:
        name = self.row["budget_period"]
        return "in all" if name == ONCE else f"a {name}"

    @property
    def rate(self) -> str:
        """ "$2.00 for 1,000 inferences", of a budget per unit."""
        if not self.row["per"]:
            return ""
        each = numbers.unit_money(self.row["amount_per_count"], self.row["currency"])
        many = numbers.plural(self.row["per_count"], self.row["per"])
        return f"{each} for {many}"

    @property
    def end(self) -> Decimal | None:
        return None if self.row["used"] is None else whole_of(self.row)

    @property
    def band(self) -> str:
        """What holds in four of five cases."""
        low, high = (
            numbers.short_money(self.row[name], self.row["currency"]) for name in ("p10", "p90")
        )
        return low if low == high else f"{low}–{high}"

    @property
    def chance(self) -> str:
        odds = self.row["probability_percent"]
        if odds is None:
            return ""
        if odds > 99:
            return "over 99%" if self.row["used"] <= self.row["available"] else "certain"
        return "under 1%" if odds < 1 else numbers.percent_of(odds, 0)

    @property
    def bar(self) -> dict[str, str] | None:
        """Places on the bar: used, band from p10 to p90, p50, and the limit."""
        row = self.row
        if not row["available"] or row["available"] < 0:
            return None
        low, high = row["p10"] or self.end, row["p90"] or self.end
        begin, end = (self._at(one) for one in (low, high))
        return {
            "used": str(self._at(row["used"])),
            "low": str(begin),
            "band": str(end - begin),
            "p50": str(self._at(self.end)),
            "limit": str(self._at(row["available"])),
        }

    def _at(self, amount: Decimal) -> Decimal:
        share = amount / self.row["available"]
        return round(max(min(share, BAR_TOP), ZERO) / BAR_TOP * BAR_WIDTH, 1)


def budgets(ask: Ask) -> list[Kept]:
    """All budgets that hold on the last day of the view and whose whole cost the asker may see."""
    may_edit = may_edit_names(ask.user)
    return [
        Kept(row, _url(ask, row), _edit(row) if may_edit else "")
        for row in stated(ask, "budgets").rows
    ]


def _url(ask: Ask, row: dict) -> str:
    if row["kind"] == WHOLE:
        return reverse("overview")
    if row["kind"] == FILTER:
        return reverse("budget", args=[row["budget_id"]])
    return target_url(ask, row["kind"], row["name"])


def _edit(row: dict) -> str:
    if row["budget_id"] is None:
        return reverse("target_edit", args=[row["kind"], row["name"]])
    return reverse("budget", args=[row["budget_id"]])


def lead(ask: Ask) -> dict:
    found = ask.once(budgets)
    if not found and ask.asker.teams is not None:
        return {"parts": [("No budget is set", True), (" that counts your teams alone.", False)]}
    if not found:
        text = " Give the company and its largest features one; what they cost is held against it."
        return {"parts": [("No budget is set.", True), (text, False)]}
    worst = [one for one in found if one.state in ("over", "ahead", "near")]
    if not worst:
        known = [one for one in found if one.state == "within"]
        if not known:
            many = numbers.plural(len(found), "budget is", "budgets are")
            text = "; what of it is used in this period is not worked out yet."
            return {"parts": [(f"{many} set", True), (text, False)]}
        many = f"All {len(found)} budgets hold" if len(found) > 1 else "The one budget holds"
        if len(known) < len(found):
            many = f"{len(known)} of {numbers.plural(len(found), 'budget')} hold"
        return {"parts": [(many, True), (" by the forecast.", False)]}
    return {"parts": [*_first(worst[0]), *_others(worst[1:]), (".", False)]}


def _first(one: Kept) -> list[tuple[str, bool]]:
    row = one.row
    if one.state == "over":
        money = numbers.money(one.over_by, row["currency"], 0)
        return [(row["name"], True), (f" is {money} over its budget", False)]
    if row["stop"]:
        return [(row["name"], True), (f" is to be stopped: {row['stop']}", False)]
    if row["breach_on"] and row["p50"] is not None:
        when = numbers.day(row["breach_on"])
        said = f" uses its budget up on {when}; over with a probability of {one.chance}"
        return [(row["name"], True), (said, False)]
    return [(row["name"], True), (f": {row['words']}", False)]


def _others(rest: list[Kept]) -> list[tuple[str, bool]]:
    told = {"over": ("is over", "are over"), "ahead": ("likely goes over", "likely go over"),
            "near": ("is to be watched", "are to be watched")}  # fmt: skip
    counts = {state: sum(one.state == state for one in rest) for state in told}
    parts = [
        f"{numbers.count(many)} more {told[state][many > 1]}"
        for state, many in counts.items()
        if many
    ]
    return [(f"; {', '.join(parts)}", False)] if parts else []


def table(ask: Ask) -> dict:
    found = ask.once(budgets)
    days = {one.row["data_through"] for one in found} - {None}
    return {
        "rows": SORTS.rows(ask.view, found),
        "rolls": ROLLS,
        "nothing_rolls": NOTHING_ROLLS,
        "until": numbers.day(last_day(ask)),
        "final": numbers.day(min(days)) if days else "",
        "names": reverse("targets"),
        "may_edit": may_edit_names(ask.user),
        "paced": any(one.row["at_this_pace"] is not None for one in found),
    }


def table_data(ask: Ask) -> Sheet:
    return sheet_of_answer("Budgets", stated(ask, "budgets"))


def without(ask: Ask) -> dict:
    """The features that cost most and have no budget."""
    return {"rows": unplanned(ask)[:WITHOUT_SHOWN], "may_edit": may_edit_names(ask.user)}


def without_data(ask: Ask) -> Sheet:
    rows = [row | {"feature": row["name"]} for row in unplanned(ask)]
    columns = ("feature", "currency", "cost")
    return sheet_of("Without a budget", ask.report("cost"), columns, rows)


def unplanned(ask: Ask) -> list[dict]:
    """Features without a budget, the dearest first; for whoever sees all of their money."""
    if ask.asker.teams is not None:
        return []
    held = {one.row["name"] for one in ask.once(budgets) if one.row["kind"] == "feature"}
    return [
        {
            "name": line.names[0],
            "cost": line.cost,
            "currency": block.currency,
            "swatch": line.swatch,
            "edit": reverse("target_edit", args=["feature", line.names[0]]),
            "url": target_url(ask, "feature", line.names[0]),
        }
        for block in cost_blocks(ask.with_view(compare="none"), ("feature",))
        for line in block.lines
        if line.line == "owned" and line.names[0] not in held
    ]


BUDGETS = Page(
    slug="budgets",
    title="Budgets",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("table", "parts/budgets_table.html", table, table=table_data, title="Budgets",
              sorting=SORTS),
        Panel(
            "burn",
            "parts/budgets_burn.html",
            burning,
            table=burning_data,
            title="Credits and commitments",
            lazy=True,
        ),
        Panel("without", "parts/budgets_without.html", without, table=without_data,
              title="Without a budget"),
        RESIDUAL,
    ),
    picks=("period",),
    filters=(),
)  # fmt: skip
