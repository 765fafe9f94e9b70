"""Why it grew: month by month and in all, what the growth of AI cost consists of.

One click from the growth on Overview; every change is split by report bridge and adds up."""

from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from aicost.kernel.periods import Period, month_of, month_start, next_month
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.bridges import (
    FILTERS,
    bridge_context,
    bridge_figure,
    by_step,
    cause_url,
    costs,
    currency_of,
    effect_lines,
    effects_table,
    leaves,
    steps_of,
)
from aicost.web.causes import EFFECTS, HEADINGS, KEYS, LEAVES, STORY, summed, told
from aicost.web.colours import colour
from aicost.web.parts import OWN_RESIDUAL, STAMP, sum_of
from aicost.web.shell import Page, Panel
from aicost.web.sizes import is_large
from aicost.web.spans import MONTH, before
from aicost.web.story_months import year_of_months
from aicost.web.tables import blocks
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.spec import SHOWN

ZERO = Decimal(0)
CAUSES_MAX, PARTS_TOLD = 4, 4
BY_ACTIVITY = ("activity",)
NO_GROWTH = {
    "parts": [
        ("There is no growth to explain yet.", True),
        (" It takes two whole months of bills.", False),
    ]
}
Chain = dict[date, list[dict]]
TIMES_FROM = Decimal("1.5")
PHRASES = {
    "days": "longer months",
    "calls": "more inferences",
    "hours": "more GPU hours of training and experiments",
    "size": "longer inferences",
    "mix": "dearer models",
    "price": "dearer units",
    "new": "what is new",
    "gone": "what came back",
    "idle": "idle capacity",
    "rest": "storage, network, shared and unattributed cost",
    "credits": "fewer credits",
    "late": "bills that had come in later",
    "rules": "changed rules",
}


def chain(ask: Ask) -> Chain:
    """Month -> rows of its bridge from the month before, by names; whole months only."""
    return ask.once(_chain)


def _chain(ask: Ask) -> Chain:
    return _monthly(ask, STORY)


def sums(ask: Ask) -> Chain:
    """The same for what tells no names: where there are many it asks for none."""
    return ask.once(_sums) if is_large() else chain(ask)


def _sums(ask: Ask) -> Chain:
    return _monthly(ask, BY_ACTIVITY)


def _monthly(ask: Ask, group_by: tuple[str, ...]) -> Chain:
    return by_step(leaves(ask, year_of_months(ask), granularity="month", group_by=group_by))


def running(ask: Ask) -> tuple[Period, Period] | None:
    """The month that is not over yet and the same days of the one before, or None."""
    last = ask.period.end - timedelta(days=1)
    if ask.period.end >= next_month(last):
        return None
    now = Period(month_start(last), ask.period.end)
    return now, before(now, MONTH)


def so_far(ask: Ask) -> list[dict]:
    return ask.once(_so_far)


def _so_far(ask: Ask) -> list[dict]:
    spans = running(ask)
    return leaves(ask, spans[0], against=spans[1]) if spans else []


def _ends(found: Chain) -> tuple[date, date] | None:
    """The first month of the story and its last whole one."""
    months = list(found)
    return (month_start(months[0] - timedelta(days=1)), months[-1]) if months else None


def _flat(found: Chain) -> list[dict]:
    return [row for rows in found.values() for row in rows]


def _by_cause(ask: Ask) -> dict[str, Decimal]:
    """The effects of all months, summed."""
    return summed(_flat(sums(ask)))


def _amounts(ask: Ask) -> tuple[Decimal, Decimal]:
    found = sums(ask)
    return costs(found[min(found)])[0], costs(found[max(found)])[1]


def lead(ask: Ask) -> dict:
    ends = _ends(sums(ask))
    if ends is None:
        return NO_GROWTH
    before, after = _amounts(ask)
    currency = currency_of(_flat(sums(ask)))
    told = _accounts_for(ask.once(_by_cause), after - before, currency)
    return {"parts": [*_grew(ends, before, after, currency), (told, False)]}


def first_lead(ask: Ask) -> dict:
    """How much it grew, which few sums tell, while its causes are being counted."""
    whole, currency = ask.once(_whole_months)
    if len(whole) < 2:
        return {"parts": []}
    (first, before), (last, after) = whole[0], whole[-1]
    return {"parts": [*_grew((first, last), before, after, currency), (".", False)]}


def _whole_months(ask: Ask) -> tuple[list[tuple[date, Decimal]], str]:
    """Each month that is over with what it cost, of those that cost anything; and the currency."""
    span = year_of_months(ask)
    answer = ask.report("cost", group_by=(), period=span, granularity="month",
                        idle=SHOWN, shared=SHOWN)  # fmt: skip
    found = blocks(answer.rows, (), colour=colour)
    if not found:
        return [], ""
    by_month = sorted(found[0].total.by_period.items())
    whole = [(month, cost) for month, cost in by_month if cost and next_month(month) <= span.end]
    return whole, found[0].currency


def _grew(
    ends: tuple[date, date], before: Decimal, after: Decimal, currency: str
) -> list[tuple[str, bool]]:
    return [
        (f"AI cost {'grew' if after > before else 'fell'} ", False),
        (_how_much(before, after), True),
        (f", from {numbers.money(before, currency, 0)} in {ends[0]:%B} to ", False),
        (f"{numbers.money(after, currency, 0)} in {ends[1]:%B}", False),
    ]


def _how_much(before: Decimal, after: Decimal) -> str:
    if before > 0 and after >= before * TIMES_FROM:
        return f"{numbers.rounded(after / before, 1)} times"
    return numbers.change_percent(after, before).lstrip("+" + numbers.MINUS)


def _accounts_for(found: dict[str, Decimal], change: Decimal, currency: str) -> str:
    same = [key for key in KEYS if found[key] * change > 0 and change > 0]
    same.sort(key=lambda key: -abs(found[key]))
    if not same:
        return "."
    named = [f"{PHRASES[k]} {numbers.money(found[k], currency, 0)}" for k in same[:PARTS_TOLD]]
    listed = f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]
    cheaper = found["price"]
    text = f". Of {numbers.money(change, currency, 0)} more, {listed}"
    if cheaper < 0:
        text += f"; cheaper units took {numbers.money(-cheaper, currency, 0)} off"
    return f"{text}."


def words(ask: Ask) -> dict:
    """What each cause means: text of the server, so that the largest thing painted waits for no
    figure, and of many names for no cause."""
    known = len(ask.once(_whole_months)[0]) > 1 if is_large() else bool(sums(ask))
    return {"effects": [(heading, says) for _, heading, says in EFFECTS] if known else []}


def bridge(ask: Ask) -> dict:
    ends = _ends(sums(ask))
    if ends is None:
        return {"empty": True, "title": "What the growth consists of"}
    rows = _flat(sums(ask))
    steps = steps_of(ask.once(_by_cause), f"{ends[0]:%B}", f"{ends[1]:%B}", _amounts(ask)[0])
    currency = currency_of(rows)
    note = (
        f"Cost of a month, {ask.view.basis}, {currency}; the changes of all months between, "
        "summed by cause. Hollow: it took cost off."
    )
    title = f"{steps[0].name} to {steps[-1].name}, by cause"
    return bridge_context(steps, currency, note) | {"title": title}


def bridge_chart(ask: Ask) -> dict:
    ends = _ends(sums(ask))
    if ends is None:
        return {"data": [], "layout": {}}
    rows = _flat(sums(ask))
    steps = steps_of(ask.once(_by_cause), f"{ends[0]:%b}", f"{ends[1]:%b}", _amounts(ask)[0])
    return bridge_figure(steps, currency_of(rows))


def months(ask: Ask) -> dict:
    """Each whole month with its causes: what changed and on whom it stands."""
    listed = [
        _month(ask, rows, month_of(when), f"{when:%B %Y}", f"{rows[0]['against']:%B}")
        for when, rows in chain(ask).items()
    ]
    return {"months": listed, "currency": currency_of(_flat(chain(ask)))}


def current(ask: Ask) -> dict:
    """The month that is not over, against the same days of the one before."""
    spans, rows = running(ask), so_far(ask)
    if not spans or not costs(rows)[0]:
        return {"month": None}
    name = f"{spans[0].start:%B}, to {numbers.day(spans[0].end - timedelta(days=1))}"
    month = _month(ask, rows, spans[0], name, numbers.period(spans[1]))
    return {"month": month, "currency": currency_of(rows)}


def _month(ask: Ask, rows: list[dict], period: Period, name: str, since: str) -> dict:
    before, after = costs(rows)
    story = told(rows, CAUSES_MAX)
    whole = ask.view.query(preset="custom", period=period, compare="previous")
    return {
        "name": name,
        "since": since,
        "cost": after,
        "change": story.change,
        "growth": numbers.change_percent(after, before),
        "causes": [(x, x.text(currency_of(rows)), cause_url(ask, x, period)) for x in story.causes],
        "rest": story.rest,
        "others": story.others,
        "bridge": f"{reverse('unit_economics')}?{whole}",
    }


def table(ask: Ask) -> dict:
    ends = _ends(chain(ask))
    if ends is None:
        return {"lines": []}
    rows = _flat(chain(ask))
    first = min(chain(ask))
    lines = effect_lines(ask, rows, (first, ends[1]))
    return {
        **effects_table(lines),
        "told_above": True,
        "first": f"{ends[0]:%B}",
        "last": f"{ends[1]:%B}",
        "currency": currency_of(rows),
    }


def _small(heading: str) -> str:
    """A heading within a line; GPU stays in capitals."""
    return heading if heading[:2].isupper() else heading.lower()


def own_residual(ask: Ask) -> dict:
    """The first month and all causes since add up to the last month."""
    ends = _ends(sums(ask))
    if ends is None:
        return {"of": "", "sums": []}
    rows, (before, after) = _flat(sums(ask)), _amounts(ask)
    parts = [(f"{ends[0]:%B}", before)]
    parts += [(_small(HEADINGS[key]), cost) for key, cost in ask.once(_by_cause).items() if cost]
    return {"of": "of this growth", "whole": f"the cost of {ends[1]:%B}",
            "sums": [sum_of(parts, after, currency_of(rows))]}  # fmt: skip


def table_data(ask: Ask) -> Sheet:
    """Every leaf of every whole month, with its effects."""
    answer = ask.report("bridge", period=year_of_months(ask), granularity="month",
                        group_by=LEAVES, idle=SHOWN, shared=SHOWN)  # fmt: skip
    return sheet_of_answer("Growth", answer)


GROWTH = Page(
    slug="growth",
    title="Why it grew",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead, lazy=is_large, size="low", first=first_lead,
              title="What it consists of"),
        Panel("words", "parts/growth_words.html", words),
        Panel("bridge", "parts/bridge_chart.html", bridge, bridge_chart, lazy=is_large),
        Panel("months", "parts/growth_months.html", months, lazy=is_large, size="tall",
              title="Month by month"),
        Panel(
            "current",
            "parts/growth_current.html",
            current,
            title="This month",
            lazy=True,
            size="low",
        ),
        Panel("table", "parts/effects_table.html", table, table=table_data, title="Growth",
              lazy=is_large, size="tall"),
        Panel("residual", OWN_RESIDUAL, own_residual, lazy=is_large, size="low"),
    ),
    picks=("period", "basis", "currency"),
    filters=FILTERS,
    under="overview",
    asks=(),
)  # fmt: skip
