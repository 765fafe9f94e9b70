"""A bridge as bars: from what it was to what it is, one bar an effect. Pure: JSON out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from aicost.kernel.money import plain
from aicost.web import numbers
from aicost.web.figures import (
    INK,
    SECOND,
    TOKENS,
    Axis,
    named_layout,
    nice_ticks,
    tick_text,
)

ROOM = Decimal("1.12")
CUT_FROM = Decimal("0.35")  # of the highest bar: below, steps would be too small to read
ROOM_BELOW = Decimal("0.3")  # of all changes, below the lowest of them


@dataclass(frozen=True)
class Step:
    """One bar: a `total` from zero, or a change that starts where the bar before it ended."""

    name: str
    amount: Decimal
    total: bool = False


def spans(steps: Sequence[Step]) -> list[tuple[Decimal, Decimal]]:
    """(from, to) of each bar, running."""
    found, level = [], Decimal(0)
    for step in steps:
        start = Decimal(0) if step.total else level
        level = start + step.amount
        found.append((start, level))
    return found


def floor_of(steps: Sequence[Step]) -> Decimal:
    """Where the axis begins: at zero, or where bars would be cut since all changes are small
    beside the totals. A cut axis is announced."""
    levels = [level for span in spans(steps) for level in span]
    totals = [end for step, (_, end) in zip(steps, spans(steps), strict=True) if step.total]
    moving = [x for step, span in zip(steps, spans(steps), strict=True) if not step.total
              for x in span]  # fmt: skip
    if not moving or min(levels) < 0 or not totals:
        return min([Decimal(0), *levels])
    lowest, highest = min([*moving, *totals]), max([*moving, *totals])
    if highest - lowest >= highest * CUT_FROM:
        return Decimal(0)
    scale = Decimal(1).scaleb((highest - lowest).adjusted()) if highest > lowest else Decimal(1)
    return max(Decimal(0), (lowest - (highest - lowest) * ROOM_BELOW) // scale * scale)


def announced(steps: Sequence[Step], currency: str) -> str:
    """What a chart with a cut axis says of it; nothing for one that begins at zero."""
    floor = floor_of(steps)
    return f" The axis begins at {numbers.short_money(floor, currency)}." if floor > 0 else ""


def waterfall(steps: Sequence[Step], currency: str) -> dict:
    """Totals in ink, rises solid, falls hollow, each with its amount above it."""
    axis = Axis("month", currency)
    floor = floor_of(steps)
    found = spans(steps)
    top = max((max(span) for span in found), default=Decimal(0))
    room = floor + (top - floor) * ROOM
    layout = named_layout([step.name for step in steps], room, axis, floor)
    colours, bases, heights, edges = [], [], [], []
    for step, (start, end) in zip(steps, found, strict=True):
        low = max(min(start, end), floor)
        bases.append(plain(low))
        heights.append(plain(max(start, end) - low))
        falls = not step.total and step.amount < 0
        colour = TOKENS["s-shared"] if step.total else TOKENS["s-accent"]
        colours.append("--page" if falls else colour)
        edges.append(colour)
    ticks = [floor + tick for tick in nice_ticks(room - floor)]
    layout["yaxis"] |= {
        "tickvals": [plain(tick) for tick in ticks if tick <= room],
        "ticktext": [tick_text(tick, axis) for tick in ticks if tick <= room],
        "range": [plain(floor), plain(room)],
    }
    layout["annotations"] += [_amount(n, step, span, currency) for n, (step, span) in
                              enumerate(zip(steps, found, strict=True))]  # fmt: skip
    layout["shapes"] += [_joint(n, span[1]) for n, span in enumerate(found[:-1])]
    trace = {
        "type": "bar",
        "x": list(range(len(steps))),
        "y": heights,
        "base": bases,
        "hoverinfo": "text",
        "hovertext": [f"{numbers.literal(x.name)}: {_text(x, currency, 2)}" for x in steps],
        "textposition": "none",
        "marker": {"color": colours, "line": {"color": edges, "width": 1}},
    }
    return {"data": [trace], "layout": layout}


def _text(step: Step, currency: str, places: int) -> str:
    write = numbers.money if step.total else numbers.change
    return write(step.amount, currency, places)


def _amount(n: int, step: Step, span: tuple[Decimal, Decimal], currency: str) -> dict:
    """The amount above its bar, short where bars stand close."""
    short = numbers.short_money(abs(step.amount), currency)
    sign = "" if step.total or not step.amount else "+" if step.amount > 0 else numbers.MINUS
    weight = {"weight": 600} if step.total else {}
    place = {} if step.total else {"name": "wide"}
    return place | {
        "x": n, "y": plain(max(span)), "text": f"{sign}{short}", "showarrow": False,
        "yanchor": "bottom", "font": {"size": 11, "color": INK if step.total else SECOND} | weight,
    }  # fmt: skip


def _joint(n: int, level: Decimal) -> dict:
    return {
        "type": "line", "x0": n + 0.36, "x1": n + 0.64, "y0": plain(level), "y1": plain(level),
        "line": {"color": "--rule-strong", "width": 1},
    }  # fmt: skip
