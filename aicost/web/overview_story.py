"""The months of Overview: twelve bars, the running one up to its forecast, and its days so far."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.money import plain
from aicost.kernel.periods import Period, month_start, next_month, previous_month
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.events import growth
from aicost.web.pacing import Ending, Plan, ending_of, plan_of
from aicost.web.parts import cost_blocks, estimate_from, estimate_step, legend, stacks, twin
from aicost.web.story_months import first_days, year_of_months
from aicost.web.tables import Block, blocks
from attribution.reports.sheets import Sheet, sheet_of_answer

ZERO = Decimal(0)
BY_FEATURE = ("feature",)
NAMED_MAX = 8  # bars; of more, only the largest changes are named
NAMES_OF_MANY = 3
# Of the chart: room beside a line, a total, a total with a cause above it.
LINE_HEIGHT, LABEL_HEIGHT, LABELS_HEIGHT = Decimal("0.01"), Decimal("0.07"), Decimal("0.2")
TOO_NEAR = Decimal("0.15")  # of the highest bar: labels beside each other would touch
Moved = Mapping[date, tuple[str, str, Decimal]]


def monthly(ask: Ask) -> list[Block]:
    answer = ask.report("cost", period=year_of_months(ask), granularity="month",
                        group_by=BY_FEATURE)  # fmt: skip
    return blocks(answer.rows, BY_FEATURE, colour=colour)


def months(ask: Ask, block: Block) -> list[date]:
    """The last twelve months, from the first that has a bill."""
    every = first_days(year_of_months(ask))
    known = [month for month in every if month in block.total.by_period]
    return [month for month in every if known and month >= known[0]]


def _plan(ask: Ask) -> Plan | None:
    found = cost_blocks(ask, BY_FEATURE)
    return plan_of(ask, found[0]) if found else None


def _layers(ask: Ask, block: Block) -> list[figures.Stack]:
    """What is billed, and on top of the running month what the rest of it is expected to cost."""
    layers, ending = stacks(block), _ending(ask, block)
    if ending is not None:
        layers.append(figures.Stack(ending.words, "s-other", {ending.month.start: ending.rest}))
    return layers


def _ending(ask: Ask, block: Block) -> Ending | None:
    """None where there is no rest."""
    last = month_start(ask.period.end - timedelta(days=1))
    ending = ending_of(ask, block.total.by_period.get(last, ZERO), block.currency)
    return ending if ending is not None and ending.rest > 0 else None


def story(ask: Ask) -> dict:
    """Solid is what is billed, hatched what the rest of the month is expected to cost."""
    found = monthly(ask)
    if not found:
        return {"empty": True}
    block, when = found[0], months(ask, found[0])
    layers, running = _layers(ask, block), ask.period.end < next_month(when[-1])
    title = _title(block, when, running)

    def write(amount):
        return numbers.money(amount or ZERO, block.currency)

    note = f"AI cost per month by feature, {ask.view.basis}, {block.currency}."
    note += " Above a month: what moved most."
    if running:
        note += f" {when[-1]:%B} to {numbers.day(ask.period.end - timedelta(days=1))}"
        ending = _ending(ask, block)
        note += f"; hatched: the rest, {ending.words}." if ending else "."
    first = estimate_from(ask)
    if first is not None and first < ask.period.end:
        note += f" {numbers.period(Period(first, ask.period.end))} may still change."
    plan = _plan(ask)
    if plan is not None:
        budgets = numbers.short_money(plan.amount, block.currency)
        part = "" if plan.is_company else ", against their part of the bar"
        note += f" Line: {plan.named}, {budgets}{part}."
    return {
        "title": title,
        "note": note,
        "legend": legend(layers),
        "twin": twin(layers, when, "month", write),
        "size": "medium",
        "summary": f"{note} {title}.",
    }


def story_figure(ask: Ask) -> dict:
    found = monthly(ask)
    if not found:
        return {"data": [], "layout": {}}
    block, when = found[0], months(ask, found[0])
    layers = _layers(ask, block)
    paced = _ending(ask, block) is not None
    first = None if paced else estimate_step(ask, "month")
    axis = figures.Axis("month", block.currency, estimate_from=first)
    below = _why_grown(ask, when)
    chart = figures.stacked_bars(layers, when, axis, totals=True, named=True, below=below)
    if paced:
        chart["data"][-1]["marker"]["pattern"]["shape"] = "/"
    _add_budget(chart, ask, len(when))
    return chart


def _add_budget(chart: dict, ask: Ask, bars: int) -> None:
    """One ink line across the last month: the company's budget, or the features' together."""
    plan = _plan(ask)
    if plan is None:
        return
    level = plain(plan.amount)
    chart["layout"]["shapes"].append(
        {"type": "line", "x0": bars - 1.5, "x1": bars - 0.6, "y0": level, "y1": level,
         "line": {"color": figures.INK, "width": 1.5}}
    )  # fmt: skip
    _clear(chart["layout"], bars - 1, plan.amount)


def _clear(layout: dict, bar: int, level: Decimal) -> None:
    """Lift the labels above a bar over a line that would strike them through."""
    labels = [one for one in layout["annotations"] if one["x"] == bar and not one.get("xref")]
    if not labels:
        return
    foot, top = (min(Decimal(x["y"]) for x in labels), Decimal(layout["yaxis"]["range"][1]))
    height = LABELS_HEIGHT if len(labels) > 1 else LABEL_HEIGHT
    if foot - top * LINE_HEIGHT <= level <= foot + top * height:
        for label in labels:
            label["y"] = plain(level + top * LINE_HEIGHT)


def _title(block: Block, when: list[date], running: bool) -> str:
    """ "From $50k in June to $180k in October; November so far $141k"."""
    told = [
        (f"{m:%B}", numbers.short_money(block.total.by_period[m], block.currency))
        for m in when
        if block.total.by_period.get(m)
    ]
    so_far = told.pop() if running and len(told) > 1 else None
    if not told:
        return "Twelve months"
    title = f"{told[0][1]} in {told[0][0]}"
    if len(told) > 1:
        title = f"From {title} to {told[-1][1]} in {told[-1][0]}"
    return f"{title}; {so_far[0]} so far {so_far[1]}" if so_far else title


def _why_grown(ask: Ask, when: list[date]) -> dict[date, str]:
    """Above each full month, what moved most since the month before; of many months, above those
    in which most moved."""
    by_part = ("feature", "activity")
    answer = ask.report("cost", period=year_of_months(ask), granularity="month", group_by=by_part)
    found = blocks(answer.rows, by_part, colour=colour)
    if not found:
        return {}
    full = when[:-1] if ask.period.end < next_month(when[-1]) else when
    moved = growth(found[0], full)
    if len(when) > NAMED_MAX:
        most = sorted(moved, key=lambda month: -abs(moved[month][2]))[:NAMES_OF_MANY]
        moved = {month: moved[month] for month in most}
    totals = found[0].total.by_period
    return {
        month: "<br>".join(map(numbers.literal, (name, part)))
        + f" {_short_change(delta, found[0].currency)}"
        for month, (name, part, delta) in _apart(moved, totals).items()
    }


def _apart(moved: Moved, totals: Mapping[date, Decimal]) -> Moved:
    """Without labels that would cover one another: of two beside each other at one height the
    larger change keeps its name, the page behind "Why did it grow?" has both."""
    near, kept = max(totals.values(), default=ZERO) * TOO_NEAR, {}
    for month in sorted(moved):
        before = previous_month(month)
        if before in kept and abs(totals.get(month, ZERO) - totals.get(before, ZERO)) < near:
            if abs(moved[month][2]) <= abs(kept[before][2]):
                continue
            del kept[before]
        kept[month] = moved[month]
    return kept


def _short_change(amount: Decimal, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{numbers.short_money(amount, currency)}"


def story_data(ask: Ask) -> Sheet:
    answer = ask.report("cost", period=year_of_months(ask), granularity="month",
                        group_by=BY_FEATURE)  # fmt: skip
    return sheet_of_answer("Months", answer)


def pace(ask: Ask) -> dict:
    """Cumulative spend of the view's last month beside the month before."""
    found = _cumulative(ask)
    if found is None:
        return {"empty": True}
    currency, layers, days = found

    def write(amount):
        return numbers.NOT_APPLICABLE if amount is None else numbers.money(amount, currency)

    before = f"; dashed: {layers[1].name}" if len(layers) > 1 else ""
    note = f"Cumulative, {currency}{before}."
    table = twin(layers, days, "day", write)
    return {"note": note, "twin": table, "summary": f"Spend so far. {note}", "size": "low"}


def _cumulative(ask: Ask) -> tuple | None:
    month = month_start(ask.period.end - timedelta(days=1))
    before = previous_month(month)
    span = Period(before, ask.period.end)
    answer = ask.report("cost", period=span, granularity="day", group_by=())
    found = blocks(answer.rows, (), colour=colour)
    if not found:
        return None
    by_day = found[0].total.by_period
    days = [month + timedelta(days=n) for n in range((next_month(month) - month).days)]
    now, was, sums = {}, {}, [ZERO, ZERO]
    for n, day in enumerate(days):
        old = before + timedelta(days=n)
        if day < ask.period.end:
            sums[0] += by_day.get(day, ZERO)
            now[day] = sums[0]
        if old < month:
            sums[1] += by_day.get(old, ZERO)
            was[day] = sums[1]
    layers = [
        figures.Stack(f"{month:%B}", "s-accent", now),
        figures.Stack(f"{before:%B}", "s-shared", was, dash="dash"),
    ]
    return found[0].currency, layers if any(was.values()) else layers[:1], days


def pace_figure(ask: Ask) -> dict:
    found = _cumulative(ask)
    if found is None:
        return {"data": [], "layout": {}}
    currency, layers, days = found
    return figures.lines(layers, days, figures.Axis("day", currency))


def pace_data(ask: Ask) -> Sheet:
    month = month_start(ask.period.end - timedelta(days=1))
    span = Period(previous_month(month), ask.period.end)
    answer = ask.report("cost", period=span, granularity="day", group_by=())
    return sheet_of_answer("Spend over the month", answer)
