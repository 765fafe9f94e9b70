"""compare_periods: what changed between two periods, and why, in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.said import Said, as_json, money, shown, summed
from aicost.api.mcp.when import read_other, read_period
from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.causes import LEAVES, told
from attribution.drivers import EFFECTS
from attribution.reports import compare, named, run
from attribution.reports.patterns import expanded
from attribution.reports.spec import LEFT_OUT, Answer, Asker, Spec

BRIDGE = named("bridge")
# Rows are those of report cost.
GROUPS = tuple(name for name in BRIDGE.groups if name in named("cost").groups)
TEAM, CAUSES_MAX = "team", 6
COMPARED = ("previous", "cost", "delta")
ZERO = Decimal(0)
TOLD = "drivers: exact effects of price, volume, mix and others; they add up to the change"
NOT_TOLD = ("no drivers here: they are told without filters, or filtered by team, "
            f"{', '.join(BRIDGE.filters)}")  # fmt: skip


class Arguments(base.Arguments):
    period: base.Period
    against: base.Text = Field(
        "previous",
        description="previous (the same days of the month, quarter or year before), a year "
        "before, or any period as in `period`.",
    )
    group_by: base.GroupBy = Field(default_factory=lambda: ["feature"])
    filters: base.Filters = Field(default_factory=dict)
    by_rules: bool = Field(
        False,
        description="Tell apart what allocation rules moved that changed in between; for who sees "
        "all teams.",
    )
    drivers_max: int = Field(CAUSES_MAX, ge=0, le=20, description="Causes told at most.")
    currency: base.Currency = ""
    rows_max: base.RowsMax = base.ROWS_SHOWN

    @property
    def replays(self) -> bool:
        return self.by_rules


def answer(caller: base.Reader, asked: Arguments) -> Said:
    period = read_period(asked.period, caller.calendar)
    other = read_other(asked.against, period, caller.calendar)
    bridge = _bridge(caller, asked, period, other)
    if bridge is not None and set(asked.group_by) <= set(BRIDGE.groups):
        spec = replace(bridge, group_by=_groups(asked))
        found = run(spec)
        told = dict(spec.filters) | ({TEAM: spec.asker.teams} if TEAM in asked.filters else {})
        found = replace(found, spec=replace(spec, filters=told))
    else:
        found = _compared(caller, asked, period, other)
    drivers = [] if bridge is None else _causes(run(bridge).rows, asked.drivers_max)
    total = summed(found.rows, COMPARED)
    effects = tuple(f"{name}_effect" for name in EFFECTS if f"{name}_effect" in found.columns)
    own = () if found.currency else ("currency",)
    known = tuple(name for name in effects if any(row[name] for row in found.rows))
    return Said(
        _sentence(found, other, total, drivers),
        found,
        links.page("explore", found.spec, other),
        (*found.spec.group_by, "line", *own, *COMPARED, *known),
        found.rows,
        asked.rows_max,
        folds=(*COMPARED, *known),
        total=total,
        against=other,
        drivers=[{k: v for k, v in one.items() if k != "said"} for one in drivers],
        notes=(
            TOLD if drivers else NOT_TOLD,
            *asking.missing_rates(found),
            *asking.scope_note(caller),
        ),
        names=found.spec.group_by,
        bytes_max=asking.bytes_for(asked.rows_max, base.ROWS_SHOWN),
    )


def _groups(asked: Arguments) -> tuple[str, ...]:
    asking.check_dimensions("group_by", asked.group_by, GROUPS)
    asking.check_groups("bridge", asked.group_by)
    return tuple(asked.group_by)


def _bridge(caller: base.Reader, asked: Arguments, period: Period, other: Period) -> Spec | None:
    """The question for all leaves, or None where report bridge knows a filter not. A filter by
    team asks as somebody who sees only these teams."""
    filters, asker = dict(asked.filters), caller.asker
    known = filters.keys() - {TEAM} <= set(BRIDGE.filters)
    if asked.by_rules and not (known and not filters.get(TEAM)):
        cure = f"Filter by {', '.join(BRIDGE.filters)} only, or leave it out"
        raise base.Refused("by_rules", "rules move money of all teams", cure)
    if not known:
        return None
    if filters.get(TEAM):
        spec = asking.spec_of(caller, "cost", period, (), {TEAM: filters.pop(TEAM)})
        asker = _narrowed(asker, expanded(spec).filters[TEAM])
    more = {"against": other, "estimates": LEFT_OUT, "in_currency": asked.currency,
            "by_rules": asked.by_rules}  # fmt: skip
    return replace(asking.spec_of(caller, "bridge", period, LEAVES, filters, **more), asker=asker)


def _compared(caller: base.Reader, asked: Arguments, period: Period, other: Period) -> Answer:
    """Report cost of both periods, side by side, the largest change first."""
    more = {"estimates": LEFT_OUT, "in_currency": asked.currency}
    spec = asking.spec_of(caller, "cost", period, asked.group_by, asked.filters, **more)
    found = compare(spec, other)
    rows = [row | {"previous": row["previous"] or ZERO} for row in found.rows]
    rows = [row | {"delta": row["cost"] - row["previous"]} for row in rows]
    return replace(found, rows=sorted(rows, key=lambda row: -abs(row["delta"])))


def _narrowed(asker: Asker, teams: Sequence[str]) -> Asker:
    """Never more than the caller sees."""
    mine = teams if asker.teams is None else [team for team in teams if team in asker.teams]
    return Asker(asker.role, tuple(mine))


def _causes(rows: Sequence[Mapping], most: int) -> list[dict]:
    """The largest causes in the largest currency, in words, and what the others come to."""
    by: dict[str, list] = {}
    for row in rows:
        by.setdefault(row["currency"], []).append(row)
    found = []
    for currency, mine in by.items():
        story = told(mine, most)
        for one in story.causes:
            text = f"{one.name}: {one.text(currency)}"
            found.append(_driver(text, one.amount, currency))
        if story.others:
            found.append(_driver(f"{story.others} smaller causes", story.rest, currency))
    return found


def _driver(text: str, amount: Decimal, currency: str) -> dict:
    return {
        "cause": text,
        "amount": shown("cost", amount),
        "currency": currency,
        "exact": as_json(amount),
        "said": f"{text} ({numbers.change(amount, currency)})",
    }


def _sentence(
    found: Answer, other: Period, total: Sequence[Mapping], drivers: Sequence[Mapping]
) -> str:
    span, of = asking.in_words(found.spec.period), asking.of_whom(found.spec)
    if not total:
        return f"No cost{of} stands in {span} or in {asking.in_words(other)}."
    parts = []
    for one in total:
        way = "rose" if one["delta"] > 0 else "fell" if one["delta"] < 0 else "stayed"
        percent = numbers.change_percent(one["cost"], one["previous"])
        parts.append(
            f"{way} from {money(one['previous'], one['currency'])} to "
            f"{money(one['cost'], one['currency'])} "
            f"({numbers.change(one['delta'], one['currency'])}, {percent})"
        )
    text = (f"AI cost{of} {' and '.join(parts)} in {span} against {asking.in_words(other)} "
            f"({asking.state_of(found)}).")  # fmt: skip
    why = "; ".join(one["said"] for one in drivers[:3])
    return f"{text} Main causes: {why}." if why else text


TOOL = base.Tool(
    "compare_periods",
    "What changed, and why",
    "How cost moved between two periods and why: each row's change, and ranked drivers in words "
    "(more or fewer inferences, dearer or cheaper models and tokens, new, ended, idle, credits, "
    "with by_rules changed rules) "
    "that add up to the change exactly. Use it for 'why did the bill grow', 'what changed since "
    "last month', 'what drove team X'.",
    Arguments,
    answer,
)
