"""Overview: what AI cost, where the month ends, why it moved and who spends it, in ten seconds."""

from dataclasses import replace
from decimal import Decimal

from django.urls import reverse

from aicost.accounts.scope import may_see_margin
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.bridges import FILTERS, currency_of, leaves
from aicost.web.causes import movers as movers_of
from aicost.web.estimated import still_expected
from aicost.web.exports import sheet_of_blocks
from aicost.web.filters import DIMENSIONS
from aicost.web.idle import add_idle, by_state
from aicost.web.margins import margin_figure
from aicost.web.movers import movers
from aicost.web.names import target_url
from aicost.web.overview_story import pace, pace_data, pace_figure, story, story_data, story_figure
from aicost.web.pacing import ending_figure, ending_words
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    against,
    cost_blocks,
    money_figure,
    moved,
    why_url,
)
from aicost.web.reasons import address, whole
from aicost.web.shell import Page, Panel
from aicost.web.sizes import is_large
from aicost.web.sorting import LINE, Sorting
from aicost.web.standing import standing
from aicost.web.tables import Block, Line
from aicost.web.unit_tables import KINDS, UnitLine, unit_lines
from aicost.web.units import keyed, unit_rows
from attribution.reports.sheets import Sheet, sheet_of
from attribution.reports.spec import SHOWN

MOVERS_MAX, UNITS_MAX = 5, 3
STANDING = Sorting({**LINE, "marginal_cost_per_inference": "unit.marginal"}, "cost")
ZERO = Decimal(0)
BY_FEATURE = ("feature",)


def by_feature(ask: Ask) -> list[Block]:
    """To be read only: panels that add to their lines make blocks of their own."""
    return cost_blocks(ask, BY_FEATURE)


def lead(ask: Ask) -> dict:
    found = ask.once(by_feature)
    if not found:
        text = " Connect an account under Sources, add files, or choose another period."
        return {"parts": [("Nothing has been billed in this period.", True), (text, False)]}
    block = found[0]
    total = block.total
    parts = [
        ("AI cost " if ask.asker.teams is None else "AI cost your teams ", False),
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
    return {"parts": [*parts, (".", False), (ending_words(ask, block), False)]}


def first_lead(ask: Ask) -> dict:
    """What it cost, while the period before is being summed."""
    return lead(ask.with_view(compare="none"))


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
    found = ask.once(by_feature)
    if not found:
        return {"figures": [Figure("Spend", "no data", word=True)]}
    block, final = found[0], ask.trust.final
    total, month = block.total, ending_figure(ask, block)
    spend = money_figure(
        "Spend to date" if month else "Spend",
        total.cost,
        block.currency,
        final=final,
        why=whole(ask, block.currency),
        under=(
            *moved(ask, total.cost, total.previous, block.currency),
            *still_expected(ask, block.currency, BY_FEATURE),
        ),
    )
    cards = [
        spend,
        month,
        _idle_figure(ask, block, final),
        _attributed_figure(ask, block, final),
    ]
    return {"figures": [card for card in cards if card is not None]}


def units(ask: Ask) -> dict:
    """Cost of 1,000 inferences of the dearest features, then of all blended, which is named so."""
    found, final = unit_lines(ask, KINDS[0]), ask.trust.final
    own = [x for x in found if not x.blended][:UNITS_MAX]
    shown = [_unit_figure(ask, x, final) for x in (*own, *(x for x in found if x.blended))]
    if not shown:
        under = (("", "no inferences with a cost in this period", False),)
        shown = [Figure("Per 1k inferences", numbers.UNKNOWN, word=True, under=under)]
    return {"figures": shown}


def _unit_figure(ask: Ask, line: UnitLine, final: bool) -> Figure:
    name = "blended" if line.blended else line.name
    under = [("", f"marginal, {numbers.short_count(line.count)} inferences", False)]
    if line.growth != numbers.NOT_APPLICABLE:
        now, was = line.each("marginal"), line.each("marginal", line.before)
        under.insert(0, (numbers.grown(now, was), against(ask), False))
    why = address(ask, figure="unit_cost", currency=line.currency) if line.blended else line.why
    return Figure(f"Per 1k, {name}", line.marginal, final=final, under=tuple(under), why=why)


def effect(ask: Ask) -> dict:
    """What AI leaves of the revenue, for who may see it; else what training costs."""
    if may_see_margin(ask.user):
        more = ("By feature and customer", f"{reverse('margin')}?{ask.view.query()}")
        return {"figures": [replace(margin_figure(ask), more=more)]}
    training = _training_figure(ask, ask.trust.final)
    return {"figures": [training] if training else []}


def _idle_figure(ask: Ask, block: Block, final: bool) -> Figure:
    own, pool = block.total.idle_cost, block.of("idle")
    text = f"{numbers.money(own, block.currency, 0)} own idle of features"
    if pool:
        text += f", {numbers.money(pool, block.currency, 0)} of no feature"
    return money_figure(
        "All idle",
        own + pool,
        block.currency,
        final=final,
        why=whole(ask, block.currency, kind=("idle",)),
        under=(
            (numbers.percent(own + pool, block.total.cost), "of cost", False),
            ("", text, False),
        ),
        more=("By state", by_state(ask)),
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


def noticed(ask: Ask) -> dict:
    """What moved, and in one line what stands out."""
    return what_moved(ask) | {"alerts": standing(ask)}


def what_moved(ask: Ask) -> dict:
    """Five movers and one line for the others; they add up to the change."""
    if ask.view.other is None:
        return {"movers": [], "off": True}
    told = _bridged(ask) if _is_bridged(ask) else movers(ask, MOVERS_MAX)
    before = ask.view.other
    since = numbers.period(before, year=before.start.year != ask.period.start.year)
    return told | {"since": since}


def _is_bridged(ask: Ask) -> bool:
    """Whether report bridge knows all that the view asks: no filter of the bill, nothing spread."""
    view = ask.view
    plain = view.idle == view.shared == SHOWN
    return plain and not set(view.filters) - set(FILTERS)


def _bridged(ask: Ask) -> dict:
    rows = leaves(ask, ask.period, against=ask.view.other)
    found, currency = movers_of(rows), currency_of(rows)
    if not any(row["previous"] for row in rows):
        return {"movers": [], "none_now": not rows}
    listed = [
        {
            "name": x.name,
            "text": f": {x.text(currency)}",
            "delta": x.delta,
            "growth": numbers.change_percent(x.cost, x.previous),
            "why": _why_moved(ask, x.name, x.line, currency),
        }
        for x in found[:MOVERS_MAX]
    ]
    total = sum((x.delta for x in found), ZERO)
    rest = total - sum((x["delta"] for x in listed), ZERO)
    if len(found) > MOVERS_MAX:
        listed.append({"name": "", "text": "All others", "delta": rest, "growth": "", "why": ""})
    return {
        "movers": listed,
        "currency": currency,
        "total": total,
        "span": numbers.period(ask.period),
        "bridge": True,
    }


def _why_moved(ask: Ask, name: str, line: str, currency: str) -> str:
    """Down to the charges, where the name is one the ledger has."""
    if line != "owned":
        return why_url(ask, Line((line, ""), (name,), line), BY_FEATURE, currency)
    if name in ("Experiments", "Training"):
        activity = "training" if name == "Training" else "experimentation"
        at = [("feature", ""), ("activity", activity)]
        return address(ask, at=at, currency=currency)
    return why_url(ask, Line((line, name), (name,), line), BY_FEATURE, currency)


def where(ask: Ask) -> dict:
    found = cost_blocks(ask, BY_FEATURE)
    add_idle(ask, found)
    units = {row.name: row for row in unit_rows(ask, BY_FEATURE)}
    for block in found:
        for line in [*block.lines, block.total]:
            line.why = why_url(ask, line, BY_FEATURE, block.currency)
            line.unit = units.get(line.key[1]) if line.line == "owned" else None
            if line.line == "owned":
                line.page = target_url(ask, "feature", line.key[1])
    return {
        "blocks": STANDING.blocks(ask.view, found),
        "period": numbers.period(ask.period),
        "explore": ask.view.query(group_by=BY_FEATURE),
    }


def where_data(ask: Ask) -> Sheet:
    answer, key = ask.report("cost", group_by=BY_FEATURE), "marginal_cost_per_inference"
    units = keyed(unit_rows(ask, BY_FEATURE))
    known = {at: {key: unit.marginal} for at, unit in units.items()}
    found = cost_blocks(ask, BY_FEATURE)
    return sheet_of_blocks("Where", ask, answer, found, BY_FEATURE, (key,), known)


def sources(ask: Ask) -> dict:
    """How far each source reaches: what a figure of today can know."""
    return {"sources": ask.trust.freshness}


def sources_data(ask: Ask) -> Sheet:
    answer = ask.report("cost")
    columns = ("source", "kind", "through", "final_through", "loaded_at")
    return sheet_of("How fresh the data is", answer, columns, map(vars, answer.freshness))


OVERVIEW = Page(
    slug="overview",
    title="Overview",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead, title="What moved", lazy=is_large, size="low",
              first=first_lead),
        Panel("figures", "parts/figures.html", key_figures, title="Key figures", lazy=is_large,
              size="low"),
        Panel("units", "parts/figures.html", units, title="Unit costs", lazy=True, size="low"),
        Panel(
            "effect", "parts/figures.html", effect, title="One more figure", lazy=True, size="low"
        ),
        Panel(
            "story",
            "parts/overview_story.html",
            story,
            story_figure,
            story_data,
            "Months",
            lazy=is_large,
        ),
        Panel("movers", "parts/overview_movers.html", noticed, title="What moved", lazy=True),
        Panel(
            "where",
            "parts/overview_where.html",
            where,
            table=where_data,
            title="Where the money stands",
            lazy=True,
            size="tall",
            sorting=STANDING,
        ),
        Panel(
            "pace",
            "parts/overview_pace.html",
            pace,
            pace_figure,
            pace_data,
            "Spend over the month",
            lazy=True,
        ),
        Panel(
            "sources",
            "parts/overview_sources.html",
            sources,
            table=sources_data,
            title="How fresh the data is",
        ),
        RESIDUAL,
    ),
    picks=("period", "compare", "basis", "pools", "currency"),
    filters=DIMENSIONS,
)  # fmt: skip
