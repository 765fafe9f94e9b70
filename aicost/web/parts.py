"""Panels and pieces several pages use: the stamp, the residual line, key figures, stacks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from urllib.parse import urlencode

from django.urls import reverse

from aicost.kernel.periods import Period, next_month
from aicost.web import numbers
from aicost.web.ask import Ask, final_through
from aicost.web.colours import colour
from aicost.web.figures import Stack
from aicost.web.shell import Panel
from aicost.web.sizes import is_large
from aicost.web.tables import LINE_NAMES, Block, Line, blocks
from attribution.reports.compare import step_of
from attribution.reports.spec import Answer

STACKS_MAX = 8
POOLS = ("shared", "idle", "unattributed")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """One key figure. `final` None: neither estimate nor final. `under` is (strong, rest, bad),
    `more` a link (text, address)."""

    name: str
    value: str
    small: str = ""
    under: tuple[tuple[str, str, bool], ...] = ()
    final: bool | None = None
    word: bool = False
    why: str = ""
    more: tuple[str, str] = ()


def money_figure(
    name: str, amount: Decimal | None, currency: str, *, whole: bool = False, **more
) -> Figure:
    """A key figure in money, cents smaller, or without them; unknown stays a word."""
    if amount is None:
        return Figure(name, numbers.UNKNOWN, word=True, **more)
    if whole:
        return Figure(name, numbers.money(amount, currency, 0), **more)
    whole, _, cents = numbers.money(amount, currency).rpartition(".")
    return Figure(name, whole or cents, f".{cents}" if whole else "", **more)


def against(ask: Ask) -> str:
    """ "on 1–21 Oct", what every change on a page is measured against."""
    return f"on {numbers.period(ask.view.other)}" if ask.view.other else ""


def of_all(ask: Ask) -> str:
    """What a share on a page is a share of: the bill, or as much of it as is asked for and seen."""
    if ask.asker.teams is not None:
        return "of your teams’ AI cost"
    return "of this selection" if ask.view.filters else "of all AI cost"


def moved(ask: Ask, now: Decimal, before: Decimal | None, currency: str) -> tuple:
    """The line under a key figure: ▲ $19,401, +16.3% on 1–21 Oct."""
    if before is None or not (now or before):
        return ()
    delta = now - before
    strong = f"{numbers.arrow(delta)} {numbers.money(abs(delta), currency, 0)}".strip()
    return ((f"{strong}, {numbers.change_percent(now, before)}", against(ask), False),)


def cost_blocks(ask: Ask, group_by: Sequence[str], **changes) -> list[Block]:
    """The view's cost by a group, compared as the view says, coloured. A period without any bill
    is unknown, not zero: nothing is compared with it."""
    answer = ask.report("cost", group_by=tuple(group_by), **changes)
    before = ask.rows_before("cost", group_by=tuple(group_by), **changes) or None
    return blocks(answer.rows, group_by, before=before, colour=colour)


def why_url(ask: Ask, line: Line, group_by: Sequence[str], currency: str = "") -> str:
    """The address of "Why this number?" for one line of a table. A dimension without a value is
    part of the line's name: the line Idle by feature holds only idle that no feature owns."""
    pairs = [("line", line.line)]
    if line.line != "total":
        named = zip(group_by, line.key[1:], strict=True)
        pairs += [("at", f"{n}:{value}") for n, value in named]
    if currency and currency != ask.view.in_currency:
        pairs.append(("currency", currency))
    query = ask.frozen_query(in_currency="", sort="")
    return f"{reverse('why')}?{query}{'&' if query else ''}{urlencode(pairs)}"


def estimate_from(ask: Ask) -> date | None:
    """The first day of the view that may still change, or None when all of it is final."""
    if ask.trust.final:
        return None
    last = final_through(ask.trust)
    return ask.period.start if last is None else max(last + timedelta(days=1), ask.period.start)


def estimate_step(ask: Ask, step: str) -> date | None:
    """The first step of the chart all of whose days may still change: from it on bars are
    hatched, since most of a month that misses two days is final."""
    first = estimate_from(ask)
    if first is None or first >= ask.period.end:  # days may wait, though the bill is final
        return None
    return next(
        (p for p in periods_of(Period(start_of(first, step), ask.period.end), step) if p >= first),
        ask.period.end,
    )


def cut_steps(span: Period, step: str) -> dict[date, str]:
    """The steps of which the span has only a part, with the days it has: "to 26 Nov"."""
    steps = periods_of(span, step)
    if step == "day" or not steps:
        return {}
    first, last = steps[0], steps[-1]
    found = {}
    if first < span.start:
        found[first] = f"from {numbers.day(span.start)}"
    if step_after(last, step) > span.end:
        found[last] = f"to {numbers.day(span.end - timedelta(days=1))}"
    return found


def hatched(ask: Ask, step: str, span: Period | None = None) -> str:
    """What hatched bars are, for the legend; "" when none is."""
    told = ["estimate"] if estimate_step(ask, step) is not None else []
    told += [f"part of a {step}"] if cut_steps(span or ask.period, step) else []
    return " or ".join(told)


def step_after(day: date, step: str) -> date:
    """The first day of the next step, from the first day of one."""
    if step == "day":
        return day + timedelta(days=1)
    if step == "week":
        return day + timedelta(days=7)
    for _ in range(3 if step == "quarter" else 1):
        day = next_month(day)
    return day


def start_of(day: date, step: str) -> date:
    """The first day of a step, as reports name it."""
    return step_of(day, step, day)


def periods_of(span: Period, step: str) -> list[date]:
    """First days of all steps that touch the period, in order, those without money included."""
    found, day = [], start_of(span.start, step)
    while day < span.end:
        found.append(day)
        day = step_after(day, step)
    return found


def whole_steps(ask: Ask, span: Period, step: str) -> list[date]:
    """The steps that sparklines draw, which have no room to mark a part of one: without those of
    which the span has only a part or that no bill reaches yet, where others are left."""
    steps, cut = periods_of(span, step), cut_steps(span, step)
    reached = [x.through for x in ask.trust.freshness if x.kind == "bill" and x.through]
    last = max(reached, default=span.end)
    whole = [first for first in steps if first not in cut and first <= last]
    return whole if len(whole) > 1 else steps


def stacks(block: Block) -> list[Stack]:
    """The largest eight names of the first group (nine if there are no more), the others as
    one, then what has no name, then the ownerless."""
    by_name: dict[tuple, list[Line]] = {}
    for line in block.lines:
        kind = "owned" if line.line == "other" else line.line
        if kind == "owned" and len(line.key) > 1 and not line.key[1]:
            kind = "workload"
        by_name.setdefault((kind, line.names[0]), []).append(line)
    owned = [
        (name, x)
        for (kind, name), x in by_name.items()
        if kind == "owned" and any(value for line in x for value in line.by_period.values())
    ]
    owned.sort(key=lambda item: -abs(sum((x.cost for x in item[1]), ZERO)))
    shown = STACKS_MAX if len(owned) > STACKS_MAX + 1 else len(owned)
    layers = [Stack(name, x[0].swatch, _summed(x)) for name, x in owned[:shown]]
    rest = [line for _, lines in owned[shown:] for line in lines]
    if rest:
        layers.append(Stack(f"{len(owned) - shown} others", "s-other", _summed(rest)))
    pools = [(name, x) for (kind, name), x in by_name.items() if kind != "owned"]
    return layers + [Stack(name, x[0].swatch, _summed(x)) for name, x in pools]


def _summed(lines: Iterable[Line]) -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for line in lines:
        for when, cost in line.by_period.items():
            found[when] = found.get(when, ZERO) + cost
    return found


def legend(layers: Iterable[Stack]) -> list[tuple[str, str]]:
    return [(layer.name, layer.swatch) for layer in layers]


def twin(
    layers: Sequence[Stack],
    periods: Sequence[date],
    step: str,
    write: Callable[[Decimal | None], str],
    cut: Mapping[date, str] = MappingProxyType({}),
) -> dict:
    """The chart as a table: one row a period, one column a layer. `write` makes the text; a step
    of which only a part is meant (`cut`) has its days beside it."""
    rows = [
        (
            ", ".join(filter(None, (_step_text(p, step), cut.get(p)))),
            [write(layer.values.get(p)) for layer in layers],
        )
        for p in periods
    ]
    return {"first": step.capitalize(), "columns": [x.name for x in layers], "rows": rows}


def _step_text(first: date, step: str) -> str:
    if step == "quarter":
        return numbers.quarter(first)
    return numbers.day(first) if step in ("day", "week") else f"{first:%b %Y}"


def stamp(ask: Ask, of: Callable[[Ask], Answer] = Ask.cost) -> dict:
    """○ estimate  Bill final to 18 Nov; 19–21 Nov may still change · as of … · USD. It is told
    `of` an answer that the page asks anyhow."""
    answer = of(ask)
    if not answer.freshness:
        return {"known": False, "text": "No data yet"}
    parts = []
    first = estimate_from(ask)
    if answer.rows and first is not None:
        last = first - timedelta(days=1)
        head = f"Bill final to {numbers.day(last)}; " if last >= ask.period.start else ""
        later = numbers.period(Period(first, ask.period.end)) if first < ask.period.end else ""
        parts.append(f"{head}{later} may still change" if later else f"{head}".rstrip("; "))
    parts.append(f"as of {numbers.moment_zone(answer.as_of)}")
    if answer.currency:
        parts.append(answer.currency)
    for month, billed, wanted in answer.missing_rates[:1]:
        parts.append(f"no rate {billed} to {wanted} for {month:%b %Y}: that stays as billed")
    return {"known": bool(answer.rows), "final": answer.final, "text": " · ".join(parts)}


def residual(ask: Ask, group_by: tuple[str, ...] = ("feature",)) -> dict:
    """The line every page ends with: parts, total, difference to the bill. What has no name in
    the group is owned where a workload used it. Amounts are rounded one by one; what that makes of
    the total is a part of its own, so that what is shown adds up."""
    answer = ask.report("cost", group_by=group_by)
    found = [
        {
            "currency": block.currency,
            "owned": block.of("owned"),
            "pools": [(_below(block, name).lower(), block.of(name)) for name in POOLS],
            "rounding": numbers.rounding(
                [block.of("owned"), *(block.of(name) for name in POOLS)], block.total.cost
            ),
            "total": block.total.cost,
        }
        for block in blocks(_line_by_line(answer.rows), group_by, colour=colour)
    ]
    return {
        "blocks": found,
        "scoped": ask.asker.teams is not None,
        "filtered": bool(ask.view.filters),
        "residual": answer.residual,
        "currency": answer.currency or "",
    }


def _line_by_line(rows: Iterable[dict]) -> list[dict]:
    """The rows of a report summed by currency and line, called as the first of each."""
    found: dict[tuple, dict] = {}
    for row in rows:
        key = (row["currency"], row["line"])
        if key not in found:
            found[key] = row | {"cost": ZERO}
        found[key]["cost"] += row["cost"]
    return list(found.values())


def sum_of(parts: Sequence[tuple[str, Decimal]], whole: Decimal, currency: str) -> dict:
    """The parts of a page's own sum, what rounding makes of it, and what is missing: nothing, or
    something is wrong."""
    amounts = [amount for _, amount in parts]
    return {
        "parts": parts,
        "rounding": numbers.rounding(amounts, sum(amounts, ZERO)),
        "total": whole,
        "difference": whole - sum(amounts, ZERO),
        "currency": currency,
    }


def _below(block: Block, kind: str) -> str:
    """What the table calls its line of this kind."""
    return next((x.names[0] for x in block.lines if x.line == kind), LINE_NAMES[kind])


def stamped_by(report: str, group_by: tuple[str, ...] = ()) -> Panel:
    """The stamp of a page that asks another report than cost, told of that answer."""
    of = partial(Ask.report, name=report, group_by=group_by)
    return Panel("stamp", "parts/stamp.html", partial(stamp, of=of))


STAMP = Panel("stamp", "parts/stamp.html", stamp)
# For pages about something smaller than the bill: the sum they are about.
OWN_RESIDUAL = "parts/residual_own.html"
RESIDUAL = Panel("residual", "parts/residual.html", residual)
# Where nothing else of the page asks for all names.
RESIDUAL_LATER = replace(RESIDUAL, lazy=is_large, size="low")
