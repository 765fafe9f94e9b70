"""The figures of a digest: each from the reports that pages ask, with the same words."""

from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from aicost.accounts.scope import may_see_margin
from aicost.notify.message import Fact, Item, Section
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.margins import margin_figure
from aicost.web.pages.overview import what_moved
from aicost.web.parts import Figure, cost_blocks
from aicost.web.reasons import whole
from aicost.web.tables import Block
from aicost.web.unit_tables import KINDS, UnitLine, unit_lines

ZERO = Decimal(0)
BY_FEATURE = ("feature",)
FEATURES_MAX = 5
# Of the largest mover: a total that moved less is no story of one name.
SAME_WAY = Decimal("0.25")
SHORT = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def link(address: str) -> str:
    """An address of a page as a message has it."""
    return f"{settings.AICOST_URL}{address}"


def headline(amount: Decimal, currency: str) -> str:
    """$41.2k: three digits, for a subject."""
    for scale, letter in SHORT:
        if abs(amount) >= scale:
            places = max(0, 2 - (abs(amount) / scale).adjusted())
            scaled = numbers.money(numbers.rounded(amount / scale, places), currency, places)
            return f"{scaled}{letter}"
    return numbers.money(amount, currency, 0 if abs(amount) >= 100 else 2)


def page(ask: Ask, name: str = "overview", **view) -> str:
    query = ask.view.frozen_dates().query(**view)
    return link(f"{reverse(name)}?{query}")


def blocks_of(ask: Ask) -> list[Block]:
    """Cost by feature, a block a currency; the first is what the digest speaks of."""
    return cost_blocks(ask, BY_FEATURE)


def spend(ask: Ask, blocks: list[Block]) -> list[Fact]:
    """The cost of each currency, against the period before."""
    found = []
    for block in blocks:
        total = block.total
        note = f"no bill over {numbers.period(ask.view.other)}"
        if total.previous is not None:
            delta = numbers.change(total.delta, block.currency)
            grown = numbers.change_percent(total.cost, total.previous)
            note = f"{delta}, {grown} on {numbers.period(ask.view.other)}"
        found.append(
            Fact(
                "Spend" if block is blocks[0] else f"Spend billed in {block.currency}",
                numbers.money(total.cost, block.currency),
                note,
                link(whole(ask, block.currency)),
            )
        )
    return found


def shares(ask: Ask, block: Block) -> list[Fact]:
    """Idle and unattributed money of the block, each with its part of the whole."""
    lost, total = block.of("unattributed"), block.total.cost
    own, pool = block.total.idle_cost, block.of("idle")
    return [
        Fact(
            "All idle",
            numbers.money(own + pool, block.currency),
            f"{numbers.percent(own + pool, total)} of spend:"
            f" {numbers.money(own, block.currency)} own idle of features,"
            f" {numbers.money(pool, block.currency)} of no feature",
            link(whole(ask, block.currency, kind=("idle",))),
        ),
        Fact(
            "Unattributed",
            numbers.percent(lost, total),
            numbers.money(lost, block.currency),
            link(whole(ask, block.currency, kind=("unattributed",))),
        ),
    ]


def unit_cost(ask: Ask) -> list[Fact]:
    """Cost of a thousand inferences of all features, else of the one there is; none without."""
    found: list[UnitLine] = unit_lines(ask, KINDS[0])
    if not found:
        return []
    line = found[-1]
    of = "all features" if line.blended else line.name
    note = f"{of}, {numbers.short_count(line.count)} inferences"
    if line.growth != numbers.NOT_APPLICABLE:
        note += f", {line.growth} on {numbers.period(ask.view.other)}"
    return [Fact("Per 1k inferences", line.marginal, note, page(ask, "unit_economics"))]


def margin(ask: Ask) -> list[Fact]:
    """Gross margin of features, for who may see it and where the view's filters leave it whole."""
    if not may_see_margin(ask.user):
        return []
    figure: Figure = margin_figure(ask)
    if figure.word:
        return []
    note = "; ".join(f"{strong} {rest}".strip() for strong, rest, _ in figure.under)
    return [Fact("Gross margin", figure.value, note, page(ask, "margin"))]


def movers(ask: Ask) -> tuple[Section, str]:
    """Five movers with their cause and one line for the others, and the name of the first."""
    told = what_moved(ask)
    currency = told.get("currency", "")
    items = tuple(
        Item(
            f"{one['name']}{one['text']}",
            numbers.change(one["delta"], currency),
            link(one["why"]) if one["why"] else "",
        )
        for one in told["movers"]
    )
    if not items:
        since = numbers.period(ask.view.other)
        return Section("What moved", note=f"Nothing to compare: no bill covers {since}."), ""
    note = f"{numbers.period(ask.period)} against {numbers.period(ask.view.other)}, "
    note += f"{numbers.change(told['total'], currency)} in all"
    return Section("What moved", items, note), _first(told["movers"], told["total"])


def _first(listed: list[dict], total: Decimal) -> str:
    """The name that moved most the way the whole did, for the subject; none where movers
    outweigh each other."""
    way = [one for one in listed if one["name"] and one["delta"] * total > 0]
    largest = max((abs(one["delta"]) for one in listed), default=ZERO)
    return way[0]["name"] if way and abs(total) >= largest * SAME_WAY else ""


def features(ask: Ask, block: Block) -> Section:
    """The dearest names, then the lines below; they add up to the spend."""
    owned = [line for line in block.lines if line.line == "owned"]
    most = FEATURES_MAX if len(owned) > FEATURES_MAX + 1 else len(owned)
    shown, rest = owned[:most], owned[most:]
    items = [Item(x.names[0], numbers.money(x.cost, block.currency)) for x in shown]
    if rest:
        cost = sum((line.cost for line in rest), ZERO)
        items.append(Item(f"{len(rest)} others", numbers.money(cost, block.currency)))
    items += [
        Item(line.names[0], numbers.money(line.cost, block.currency))
        for line in block.lines
        if line.line != "owned"
    ]
    note = f"Together {numbers.money(block.total.cost, block.currency)}, the spend above."
    return Section("Where it stands", tuple(items), note)


def days(ask: Ask, currency: str) -> list[tuple[str, Decimal | None]]:
    """What each day cost, for the strip of bars; None where no bill covers it."""
    found: dict = {}
    for row in ask.report("cost", group_by=(), granularity="day").rows:
        if row["currency"] == currency:
            found[row["period"]] = found.get(row["period"], ZERO) + row["cost"]
    return [(numbers.day(day), found.get(day)) for day in ask.period.days()]
