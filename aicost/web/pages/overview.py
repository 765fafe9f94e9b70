"""Overview: what AI cost, why it moved, who spends it, in ten seconds."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.accounts.scope import may_see_margin
from aicost.kernel.periods import Period, month_start, next_month, previous_month
from aicost.web import figures, numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.estimated import still_expected
from aicost.web.events import growth
from aicost.web.filters import DIMENSIONS
from aicost.web.margins import margin_figure
from aicost.web.movers import movers
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    against,
    cost_blocks,
    estimate_from,
    estimate_step,
    legend,
    money_figure,
    moved,
    stacks,
    twin,
    why_url,
)
from aicost.web.reasons import address, whole
from aicost.web.shell import Page, Panel
from aicost.web.tables import Block, blocks
from aicost.web.units import per_thousand, unit_rows

MONTHS = 6
MOVERS_MAX = 5
ZERO = Decimal(0)
BY_FEATURE = ("feature",)


def six_months(ask: Ask) -> Period:
    """The six calendar months that end with the month the view ends in."""
    last = month_start(ask.period.end - timedelta(days=1))
    first = last
    for _ in range(MONTHS - 1):
        first = previous_month(first)
    return Period(first, min(next_month(last), max(ask.period.end, last + timedelta(days=1))))


def monthly(ask: Ask) -> list[Block]:
    answer = ask.report("cost", period=six_months(ask), granularity="month", group_by=BY_FEATURE)
    return blocks(answer.rows, BY_FEATURE, colour=colour)


def months(ask: Ask) -> list[date]:
    span = six_months(ask)
    found = [span.start]
    while next_month(found[-1]) < span.end:
        found.append(next_month(found[-1]))
    return found


def lead(ask: Ask) -> dict:
    found = cost_blocks(ask, BY_FEATURE)
    if not found:
        text = " Connect an account under Sources, add files, or choose another period."
        return {"parts": [("Nothing has been billed in this period.", True), (text, False)]}
    block = found[0]
    total = block.total
    parts = [
        ("AI cost ", False),
        (numbers.money(total.cost, block.currency, 0), True),
        (f" over {numbers.period(ask.period)}", False),
    ]
    if total.previous:
        moved_by = numbers.money(abs(total.delta), block.currency, 0)
        way = "more" if total.delta > 0 else "less"
        grown = numbers.change_percent(abs(total.delta) + abs(total.previous), total.previous)
        share = grown.lstrip("+")
        parts.append((f", {moved_by} ({share}) {way} than over {_other(ask)}", False))
        parts += _who(block)
    return {"parts": [*parts, (".", False)]}


def _other(ask: Ask) -> str:
    return numbers.period(ask.view.other)


def _who(block: Block) -> list[tuple[str, bool]]:
    """The one or two features that make most of an increase."""
    delta = block.total.delta
    named = sorted(
        (x for x in block.lines if x.line == "owned" and x.delta * delta > 0),
        key=lambda x: -abs(x.delta),
    )[:2]
    if delta <= 0 or not named:
        return []
    share = sum((x.delta for x in named), ZERO)
    names = " and ".join(x.names[0] for x in named)
    verb = "make" if len(named) > 1 else "makes"
    names = names[:1].upper() + names[1:]
    if share >= delta:
        return [(f". {names} {verb} all of the increase", False)]
    return [(f". {names} {verb} {numbers.percent(share, delta, 0)} of the increase", False)]


def key_figures(ask: Ask) -> dict:
    found = cost_blocks(ask, BY_FEATURE)
    answer = ask.report("cost")
    if not found:
        nothing = Figure("Spend", "no data", word=True)
        return {"figures": [nothing]}
    block, final = found[0], answer.final
    total = block.total
    cards = [
        money_figure(
            "Spend",
            total.cost,
            block.currency,
            final=final,
            why=whole(ask, block.currency),
            under=(
                *moved(ask, total.cost, total.previous, block.currency),
                *still_expected(ask, block.currency),
            ),
        ),
        _unit_figure(ask, final),
        _idle_figure(ask, block, final),
        margin_figure(ask) if may_see_margin(ask.user) else _training_figure(ask, final),
        _attributed_figure(ask, block, final),
    ]
    return {"figures": [card for card in cards if card is not None]}


def _unit_figure(ask: Ask, final: bool) -> Figure:
    rows = unit_rows(ask, ())
    row = rows[0] if rows else None
    if row is None or row.marginal is None:
        return Figure(
            "Per 1k inferences",
            numbers.UNKNOWN,
            word=True,
            under=(("", "no calls with a cost in this period", False),),
        )
    before = row.previous.marginal if row.previous else None
    under = []
    if before is not None:
        under.append((numbers.grown(row.marginal, before), against(ask), False))
    under.append(("", f"marginal, over {numbers.short_count(row.requests)} calls", False))
    return Figure(
        "Per 1k inferences",
        per_thousand(row.marginal, row.currency),
        final=final,
        why=address(ask, figure="unit_cost", currency=row.currency),
        under=tuple(under),
    )


def _idle_figure(ask: Ask, block: Block, final: bool) -> Figure:
    own, pool = block.total.idle_cost, block.of("idle")
    text = numbers.money(own, block.currency, 0)
    return money_figure(
        "Idle",
        own + pool,
        block.currency,
        final=final,
        why=whole(ask, block.currency, kind=("idle",)),
        under=(
            (numbers.percent(own + pool, block.total.cost), "of cost", False),
            ("", f"{text} of it with an owner", False),
        ),
    )


def _training_figure(ask: Ask, final: bool) -> Figure | None:
    found = cost_blocks(ask, ("activity",))
    if not found:
        return None
    line = next((x for x in found[0].lines if x.key == ("owned", "training")), None)
    return money_figure(
        "Training",
        line.cost if line else ZERO,
        found[0].currency,
        final=final,
        why=address(ask, at=[("activity", "training")], currency=found[0].currency),
        under=moved(ask, line.cost, line.previous, found[0].currency) if line else (),
    )


def _attributed_figure(ask: Ask, block: Block, final: bool) -> Figure:
    total, lost = block.total.cost, block.of("unattributed")
    text = f"{numbers.money(lost, block.currency, 0)} unattributed"
    return Figure(
        "Attributed",
        numbers.percent(total - lost, total),
        final=final,
        why=whole(ask, block.currency, kind=("unattributed",)),
        under=(("", text, False),),
    )


def story(ask: Ask) -> dict:
    found = monthly(ask)
    if not found:
        return {"empty": True}
    block, when = found[0], months(ask)
    layers = stacks(block)
    running = ask.period.end < next_month(when[-1])
    title = _title(block, when, running)
    write = lambda amount: numbers.money(amount or ZERO, block.currency)  # noqa: E731
    note = f"AI cost per month by feature, {ask.view.basis}, {block.currency}."
    note += " Above a month: what moved most."
    if running:
        note += f" {when[-1]:%B} to {numbers.day(ask.period.end - timedelta(days=1))}."
    first = estimate_from(ask)
    if first is not None and first < ask.period.end:
        note += f" {numbers.period(Period(first, ask.period.end))} may still change."
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
    axis = figures.Axis("month", found[0].currency, estimate_from=estimate_step(ask, "month"))
    return figures.stacked_bars(
        stacks(found[0]), months(ask), axis, totals=True, named=True, below=_why_grown(ask)
    )


def _title(block: Block, when: list[date], running: bool) -> str:
    """ "From $50k in June to $180k in October; November so far $141k"."""
    told = [
        (f"{m:%B}", numbers.short_money(block.total.by_period[m], block.currency))
        for m in when
        if block.total.by_period.get(m)
    ]
    so_far = told.pop() if running and len(told) > 1 else None
    if not told:
        return "Six months"
    title = f"{told[0][1]} in {told[0][0]}"
    if len(told) > 1:
        title = f"From {title} to {told[-1][1]} in {told[-1][0]}"
    return f"{title}; {so_far[0]} so far {so_far[1]}" if so_far else title


def _why_grown(ask: Ask) -> dict[date, str]:
    """Above each full month, what moved most since the month before."""
    by_part = ("feature", "activity")
    answer = ask.report("cost", period=six_months(ask), granularity="month", group_by=by_part)
    found = blocks(answer.rows, by_part, colour=colour)
    when = months(ask)
    if not found:
        return {}
    full = when[:-1] if ask.period.end < next_month(when[-1]) else when
    return {
        month: f"{name}<br>{part} {_short_change(delta, found[0].currency)}"
        for month, (name, part, delta) in growth(found[0], full).items()
    }


def _short_change(amount: Decimal, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{numbers.short_money(amount, currency)}"


def what_moved(ask: Ask) -> dict:
    if ask.view.other is None:
        return {"movers": [], "off": True}
    found = movers(ask, MOVERS_MAX)
    return found | {"since": numbers.period(ask.view.other)}


def where(ask: Ask) -> dict:
    found = cost_blocks(ask, BY_FEATURE)
    units = {row.name: row for row in unit_rows(ask, BY_FEATURE)}
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, BY_FEATURE, block.currency)
            line.unit = units.get(line.key[1]) if line.line == "owned" else None
    return {
        "blocks": found,
        "period": numbers.period(ask.period),
        "explore": ask.view.query(group_by=BY_FEATURE),
    }


def pace(ask: Ask) -> dict:
    """Cumulative spend of the view's last month beside the month before."""
    found = _cumulative(ask)
    if found is None:
        return {"empty": True}
    currency, layers, days = found
    write = lambda amount: "" if amount is None else numbers.money(amount, currency)  # noqa: E731
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


OVERVIEW = Page(
    slug="overview",
    title="Overview",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        Panel("story", "parts/overview_story.html", story, story_figure),
        Panel("movers", "parts/overview_movers.html", what_moved),
        Panel("where", "parts/overview_where.html", where),
        Panel("pace", "parts/overview_pace.html", pace, pace_figure),
        RESIDUAL,
    ),
    filters=DIMENSIONS,
)
