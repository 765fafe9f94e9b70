"""Unit economics: what one call, a million tokens and one outcome cost, and why that moved.

Per feature first; the blended figure stands last and is named so: it mixes chat with ranking."""

from datetime import date
from decimal import Decimal

from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.bridges import (
    FILTERS,
    bridge_context,
    bridge_figure,
    cause_url,
    costs,
    currency_of,
    effect_lines,
    effects_table,
    leaves,
    steps_of,
)
from aicost.web.causes import LEAVES, summed, told
from aicost.web.colours import colour
from aicost.web.parts import RESIDUAL_LATER, Figure, against, cut_steps, stamped_by, twin
from aicost.web.shell import Page, Panel
from aicost.web.sizes import is_large
from aicost.web.story_months import first_days, year_of_months
from aicost.web.unit_tables import BY_FEATURE, KINDS, SORTS, UnitLine, unit_lines
from aicost.web.units import per_thousand
from attribution.reports import REPORTS
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.spec import SHOWN

ZERO = Decimal(0)
INFERENCE = KINDS[0]
FIGURES_MAX, LINES_MAX, CAUSES_MAX = 4, 8, 6
HUNDRED = Decimal(100)


def lead(ask: Ask) -> dict:
    # Of the dearest, however the table below is sorted.
    by_cost = ask.with_view(sort="") if ask.view.sort else ask
    found = [x for x in unit_lines(by_cost, INFERENCE) if not x.blended]
    if not found:
        text = " It takes a bill and calls of the same model: add usage under Add data."
        return {"parts": [("No inference has a cost in this period.", True), (text, False)]}
    first, moved = found[0], _most_moved(found)
    parts = [
        ("A thousand inferences of ", False),
        (first.name, False),
        (" cost ", False),
        (first.marginal, True),
        (_changed(ask, first), False),
    ]
    if moved is not None and moved is not first:
        parts += [(f"; those of {moved.name} ", False), (moved.marginal, True)]
        parts.append((f" ({moved.growth})", False))
    return {"parts": [*parts, (".", False)]}


def first_lead(ask: Ask) -> dict:
    """Without what moved, while the period before is being summed."""
    return lead(ask.with_view(compare="none"))


def _changed(ask: Ask, line: UnitLine) -> str:
    if line.before is None or line.growth == numbers.NOT_APPLICABLE:
        return ""
    return f", {line.growth} {against(ask)}"


def _most_moved(lines: list[UnitLine]) -> UnitLine | None:
    """The feature whose unit cost changed most, in per cent of what it was."""

    def moved(line: UnitLine) -> Decimal:
        now, was = line.each("marginal"), line.before and line.each("marginal", line.before)
        return abs(now / was - 1) if now and was else ZERO

    most = max(lines, key=moved, default=None)
    return most if most is not None and moved(most) else None


def key_figures(ask: Ask) -> dict:
    """The dearest features' cost of 1,000 inferences, then all of them blended."""
    found = unit_lines(ask, INFERENCE)
    final = ask.trust.final
    own = [x for x in found if not x.blended][:FIGURES_MAX]
    shown = [_figure(ask, line, final) for line in own]
    shown += [_figure(ask, line, final) for line in found if line.blended]
    if not shown:
        under = (("", "no inferences with a cost in this period", False),)
        shown = [Figure("Per 1k inferences", numbers.UNKNOWN, word=True, under=under)]
    return {"figures": shown}


def _figure(ask: Ask, line: UnitLine, final: bool) -> Figure:
    name = "Blended" if line.blended else line.name
    under = [("", f"per 1k inferences, of {numbers.short_count(line.count)}", False)]
    if line.growth != numbers.NOT_APPLICABLE:
        now, was = line.each("marginal"), line.each("marginal", line.before)
        under.insert(0, (numbers.grown(now, was), against(ask), False))
    return Figure(name, line.marginal, final=final, under=tuple(under), why=line.why)


def table(ask: Ask) -> dict:
    return {
        "tables": [(kind, unit_lines(ask, kind)) for kind in KINDS],
        "compared": numbers.period(ask.view.other) if ask.view.other else "",
    }


def _monthly(ask: Ask) -> tuple[list[figures.Stack], list[date], dict]:
    """Marginal cost of a call per month and feature: as an index of its first month for the chart,
    since chat costs a thousand times what ranking does, and in money for the table."""
    asked, span = _asked_monthly(ask), year_of_months(ask)
    rows = ask.report("unit_cost", period=span, granularity="month", **asked).rows
    cost: dict[str, Decimal] = {}
    known: dict[str, dict[date, Decimal]] = {}
    for row in rows:
        each = row["marginal_cost_per_inference"]
        if row["feature"] and each:
            known.setdefault(row["feature"], {})[row["period"]] = each
            cost[row["feature"]] = cost.get(row["feature"], ZERO) + row["marginal_cost"]
    names = sorted(known, key=lambda name: -cost[name])[:LINES_MAX]
    days = [day for day in first_days(span) if any(day in known[name] for name in names)]
    layers = []
    for name in names:
        first = known[name][min(known[name])]
        index = {day: each / first * HUNDRED for day, each in known[name].items()}
        layers.append(figures.Stack(name, colour("feature", name), index))
    return layers, days, {"known": known, "rows": rows}


def _asked_monthly(ask: Ask) -> dict:
    """Of many features only those that can be drawn are asked month by month."""
    asked = {"group_by": BY_FEATURE, "idle": SHOWN, "shared": SHOWN}
    if not is_large():
        return asked
    rows = ask.report("unit_cost", period=year_of_months(ask), **asked).rows
    drawn = [row for row in rows if row["feature"] and row["marginal_cost_per_inference"]]
    drawn.sort(key=lambda row: -row["marginal_cost"])
    names = tuple(dict.fromkeys(row["feature"] for row in drawn))[:LINES_MAX]
    return asked | {"filters": {**ask.view.filters, "feature": names}}


def trend(ask: Ask) -> dict:
    layers, days, found = _monthly(ask)
    if not layers:
        return {"empty": True}
    currency = next((row["currency"] for row in found["rows"] if row["currency"]), "")
    money = [figures.Stack(x.name, x.swatch, found["known"][x.name]) for x in layers]

    def write(each):
        return per_thousand(each, currency)

    note = "Marginal cost of an inference by month; each feature's first month is 100."
    return {
        "note": note,
        "summary": note,
        "size": "medium",
        "legend": [(x.name, x.swatch) for x in layers],
        "twin": twin(money, days, "month", write),
        "twin_name": f"Table, {numbers.sign_of(currency)} per 1k inferences",
    }


def trend_figure(ask: Ask) -> dict:
    layers, days, _ = _monthly(ask)
    if not layers:
        return {"data": [], "layout": {}}
    axis = figures.Axis("month", unit="index", cut=cut_steps(year_of_months(ask), "month"))
    return figures.lines(layers, days, axis)


def _moved(ask: Ask) -> list[dict]:
    if ask.view.other is None:
        return []
    kept = {name: value for name, value in ask.view.filters.items() if name in FILTERS}
    return leaves(ask, ask.period, against=ask.view.other, filters=kept,
                  by_rules=ask.asker.teams is None)  # fmt: skip


def bridge(ask: Ask) -> dict:
    rows, title = _moved(ask), "Why cost moved"
    before, after = costs(rows)
    if not before:
        why = "" if ask.view.other else "Choose a period under Compare."
        return {"empty": True, "empty_why": why, "title": title}
    currency = currency_of(rows)
    steps = _steps(ask, rows)
    moved = numbers.change(after - before, currency)
    grown = numbers.change_percent(after, before)
    note = f"{ask.view.basis.capitalize()} cost, {currency}, by price × volume × mix."
    note += " Hollow: it took cost off."
    title = f"{title}: {moved}, {grown} {against(ask)}"
    return bridge_context(steps, currency, note) | {"title": title} | effects(ask)


def _steps(ask: Ask, rows: list[dict]) -> list:
    first, last = numbers.period(ask.view.other), numbers.period(ask.period)
    return steps_of(summed(rows), first, last, costs(rows)[0])


def bridge_chart(ask: Ask) -> dict:
    rows = _moved(ask)
    if not costs(rows)[0]:
        return {"data": [], "layout": {}}
    return bridge_figure(_steps(ask, rows), currency_of(rows))


def effects(ask: Ask) -> dict:
    """Each feature's change in its effects, and the causes that account for most of it."""
    rows = _moved(ask)
    lines = effect_lines(ask, rows)
    features = {row["feature"] for row in rows}
    for line in lines:
        if line.line == "owned" and line.name in features:
            line.href = "?" + ask.view.with_filter("feature", line.name)
    story = told(rows, CAUSES_MAX)
    currency = currency_of(rows)
    return {
        **effects_table(lines),
        "first": numbers.period(ask.view.other),
        "last": numbers.period(ask.period),
        "currency": currency,
        "causes": [(x, x.text(currency), cause_url(ask, x, ask.period)) for x in story.causes],
        "rest": story.rest,
        "others": story.others,
        "change": story.change,
    }


def bridge_data(ask: Ask) -> Sheet:
    """Every leaf of the bridge with its effects."""
    against = ask.view.other
    return sheet_of_answer("Bridge", ask.report("bridge", group_by=LEAVES, against=against,
                                                by_rules=ask.asker.teams is None,
                                                idle=SHOWN, shared=SHOWN))  # fmt: skip


def table_data(ask: Ask) -> Sheet:
    """What a unit costs per feature: report unit_cost as it is."""
    return sheet_of_answer("Unit costs", ask.report("unit_cost", group_by=BY_FEATURE))


_known = REPORTS["unit_cost"].filters
UNIT_ECONOMICS = Page(
    slug="unit_economics",
    title="Unit economics",
    panels=(
        stamped_by("unit_cost", BY_FEATURE),
        Panel(
            "lead",
            "parts/lead.html",
            lead,
            title="What moved",
            lazy=is_large,
            size="low",
            first=first_lead,
        ),
        Panel(
            "figures",
            "parts/figures.html",
            key_figures,
            title="Key figures",
            lazy=is_large,
            size="low",
        ),
        Panel(
            "table",
            "parts/unit_tables.html",
            table,
            table=table_data,
            title="Unit costs",
            lazy=is_large,
            size="tall",
            sorting=SORTS,
        ),
        Panel("trend", "parts/unit_trend.html", trend, trend_figure, lazy=True),
        Panel(
            "bridge",
            "parts/unit_bridge.html",
            bridge,
            bridge_chart,
            bridge_data,
            "Bridge",
            lazy=True,
            size="tall",
        ),
        RESIDUAL_LATER,
    ),
    picks=("period", "compare", "basis", "pools", "currency"),
    filters=tuple(name for name in FILTERS if name in _known),
)
