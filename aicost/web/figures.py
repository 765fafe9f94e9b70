"""Plotly figures as plain dictionaries. Pure: finished rows in, JSON out.

Colours are names of tokens ("--series-1") which static/js/charts.js reads from the stylesheet, so
one figure serves light and dark. Amounts leave as decimal strings; Plotly places them, every text
that a person reads is written here by aicost.web.numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from aicost.kernel.money import plain
from aicost.web import numbers
from aicost.web.ticks import Axis, nice_ticks, tick_text, value_text, x_labels

INK, SECOND, THIRD, RULE = "--ink", "--ink-second", "--ink-third", "--rule"
HOLLOW = "s-unattributed"
TOKENS = {f"s{n}": f"--series-{n}" for n in range(1, 9)} | {
    "s-shared": "--shared",
    "s-idle": "--idle",
    "s-empty-idle": "--empty-idle",
    "s-nofeature": "--rule-strong",
    "s-other": "--ink-third",
    "s-total": INK,
    "s-accent": "--accent",
    HOLLOW: INK,
}
LABEL_HEIGHT = Decimal("0.052")
NAME_HEIGHT, NAME_MOVES_MAX = Decimal("0.1"), Decimal("1.2")
CUT_LABEL_PX = 28
CHART_PX, CHARACTER_PX, EVENT_LINES, EVENT_LINE_PX = 1050, 6, 3, 16


@dataclass(frozen=True)
class Stack:
    """One layer of the bars, or one line: a name, its colour class and its value per period."""

    name: str
    swatch: str
    values: Mapping[date, Decimal]
    dash: str = "solid"


def _layout(
    periods: Sequence[date], top: Decimal, axis: Axis, right: int, bottom: Decimal = Decimal(0)
) -> dict:
    ticks = [tick for tick in nice_ticks(top) if tick <= top] if top else nice_ticks(top)
    step = ticks[1] if len(ticks) > 1 else Decimal(1)
    while ticks[0] - step >= bottom:
        ticks.insert(0, ticks[0] - step)
    places, texts = x_labels(periods, axis)
    below = 42 if any("<br>" in text for text in texts) else 28
    if texts and "<br>" in texts[-1]:  # the last label is wider than half a bar
        right = max(right, CUT_LABEL_PX)
    font = {"family": "Inter, system-ui, sans-serif", "size": 11, "color": THIRD}
    return {
        "font": font,
        "margin": {"l": 48, "r": right, "t": 28, "b": below},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "barmode": "relative",
        "bargap": 0.28,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": "--page",
            "bordercolor": "--rule-strong",
            "font": {"color": INK, "size": 12, "family": font["family"]},
        },
        "xaxis": {
            "type": "linear",
            "range": [-0.6, len(periods) - 0.4],
            "tickvals": places,
            "ticktext": texts,
            "showgrid": False,
            "zeroline": False,
            "showline": True,
            "linecolor": "--rule-strong",
            "ticks": "",
            "fixedrange": True,
        },
        "yaxis": {
            "type": "linear",
            "range": [plain(bottom), plain(max(top, ticks[-1]))],
            "tickvals": [plain(t) for t in ticks],
            "ticktext": [tick_text(t, axis) for t in ticks],
            "gridcolor": RULE,
            "zeroline": bottom < 0,
            "zerolinecolor": "--rule-strong",
            "fixedrange": True,
        },
        "annotations": [],
        "shapes": [],
    }


def named_layout(names: Sequence[str], top: Decimal, axis: Axis, bottom: Decimal) -> dict:
    """The layout of bars that have names, not periods: `named`, so that none is left out."""
    layout = _layout([date.min], top, axis, right=12, bottom=bottom)
    places = {
        "tickvals": list(range(len(names))),
        "ticktext": [numbers.literal(name) for name in names],
    }
    layout["xaxis"] |= {"range": [-0.6, len(names) - 0.4], "named": True} | places
    return layout


def _note(x, y, text: str, **more) -> dict:
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": 11}} | more


def _totals(stacks: Sequence[Stack], periods: Sequence[date]) -> list[Decimal]:
    return [
        sum((max(s.values.get(p, Decimal(0)), Decimal(0)) for s in stacks), Decimal(0))
        for p in periods
    ]


def _bar(stack: Stack, periods: Sequence[date], axis: Axis) -> dict:
    hollow = stack.swatch == HOLLOW
    late = [axis.is_open(p) for p in periods]
    values = [stack.values.get(p, Decimal(0)) for p in periods]
    return {
        "type": "bar",
        "name": stack.name,
        "x": list(range(len(periods))),
        "y": [plain(v) for v in values],
        "hoverinfo": "text",
        "hovertext": [
            f"{numbers.literal(stack.name)}, {axis.named(p)}: {value_text(v, axis)}"
            for p, v in zip(periods, values, strict=True)
        ],
        "textposition": "none",
        "marker": {
            "color": "--page" if hollow else TOKENS[stack.swatch],
            "line": {"color": INK if hollow else "--page", "width": 1},
            "pattern": {
                "shape": ["/" if flag else "" for flag in late],
                "fillmode": "replace",
                "fgcolor": TOKENS[stack.swatch],
                "bgcolor": "--page",
                "size": 5,
                "solidity": 0.5,
            },
        },
    }


def _labels_right(stacks: Sequence[Stack], periods: Sequence[date], top: Decimal) -> list[dict]:
    """Names beside the last bar, pushed apart so that none covers another."""
    last, level, placed = periods[-1], Decimal(0), []
    for stack in stacks:
        value = max(stack.values.get(last, Decimal(0)), Decimal(0))
        placed.append([level + value / 2, stack])
        level += value
    gap, before = top * LABEL_HEIGHT, None
    for place in placed:
        if before is not None and place[0] < before + gap:
            place[0] = before + gap
        before = place[0]
    limit = top - gap / 2
    for place in reversed(placed):
        place[0] = min(place[0], limit)
        limit = place[0] - gap
    beside = {"name": "wide", "xref": "paper", "xanchor": "left", "yanchor": "middle"}
    return [
        note
        for y, stack in placed
        for note in (
            _marker(1.01, y, stack.swatch, **beside),
            _note(1.01, plain(y), numbers.literal(stack.name), xshift=14, font=_words(), **beside),
        )
    ]


def _words() -> dict:
    """Names are read, so they are in ink; the mark before them has the colour."""
    return {"size": 11, "color": SECOND}


def _marker(x, y: Decimal, swatch: str, **more) -> dict:
    shape = "□" if swatch == HOLLOW else "■"
    return _note(x, plain(y), shape, font={"size": 12, "color": TOKENS[swatch]}, **more)


def stacked_bars(
    stacks: Sequence[Stack],
    periods: Sequence[date],
    axis: Axis,
    *,
    previous: Sequence[Decimal | None] = (),
    totals: bool = False,
    named: bool = False,
    below: Mapping[date, str] = MappingProxyType({}),
) -> dict:
    """Stacked bars from zero; hatched where they may still change or are part of a step;
    `previous` as dots beside. `axis.events` stand above the chart with a line to their day, `below`
    above the totals."""
    sums = _totals(stacks, periods)
    highest = max([*sums, *(p for p in previous if p is not None), Decimal(0)])
    top = highest * Decimal("1.24" if below else "1.06")
    layout = _layout(periods, top, axis, right=136 if named else 12)
    traces = [_bar(stack, periods, axis) for stack in stacks]
    if any(p is not None for p in previous):
        traces.append(_dots(previous, axis))
    if totals:
        layout["annotations"] += [
            _note(
                n,
                plain(total),
                numbers.short_money(total, axis.currency),
                yanchor="bottom",
                font={"size": 11, "color": INK, "weight": 600},
            )
            for n, total in enumerate(sums)
            if total
        ]
    for n, period in enumerate(periods):
        if period in below:
            over = {"name": "wide", "yanchor": "bottom", "yshift": 16, "font": _words()}
            layout["annotations"].append(_note(n, plain(sums[n]), below[period], **over))
    if named and periods:
        layout["annotations"] += _labels_right(stacks, periods, top)
    _add_events(layout, sums, periods, axis)
    return {"data": traces, "layout": layout}


def _add_events(layout: dict, sums: Sequence[Decimal], periods: Sequence[date], axis: Axis) -> None:
    """Name each event above its bar, on the first of three lines where it covers no other; one
    that fits nowhere is left to the list below the chart."""
    ends: list[list[tuple[Decimal, Decimal]]] = [[] for _ in range(EVENT_LINES)]
    per_bar = Decimal(CHART_PX) / max(len(periods), 1)
    used = 0
    for n, period in enumerate(periods):
        if period not in axis.events:
            continue
        text = axis.events[period]
        wide, right = len(text) * CHARACTER_PX / per_bar, n > len(periods) * 2 / 3
        span = (n - wide, Decimal(n)) if right else (Decimal(n), n + wide)
        free = (
            k for k, taken in enumerate(ends) if all(span[1] < a or b < span[0] for a, b in taken)
        )
        line = next(free, None)
        if line is None:
            continue
        ends[line].append(span)
        used = max(used, line + 1)
        anchor = {"yref": "paper", "yanchor": "bottom", "xanchor": "right" if right else "left"}
        above = {"name": "wide", "yshift": line * EVENT_LINE_PX, "font": _words()} | anchor
        layout["annotations"].append(_note(n, 1, numbers.literal(text), **above))
        layout["shapes"].append(
            {"type": "line", "name": "wide", "x0": n, "x1": n, "y0": plain(sums[n]), "y1": 1}
            | {"yref": "y", "line": {"color": "--rule-strong", "width": 1}}
        )
        layout["shapes"][-1]["y1"] = layout["yaxis"]["range"][1]
    layout["margin"]["t"] += used * EVENT_LINE_PX - (EVENT_LINE_PX if used else 0)


def _dots(previous: Sequence[Decimal | None], axis: Axis) -> dict:
    shown = [(n, p) for n, p in enumerate(previous) if p is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "compared period",
        "x": [n - 0.45 for n, _ in shown],
        "y": [plain(p) for _, p in shown],
        "hoverinfo": "text",
        "hovertext": [f"compared period: {value_text(p, axis)}" for _, p in shown],
        "marker": {"color": SECOND, "size": 5},
    }


def lines(stacks: Sequence[Stack], periods: Sequence[date], axis: Axis) -> dict:
    """Lines on an axis with zero, with their names at the right end; an unknown value is a gap.
    A name that finds no room near its line is left to the legend."""
    known = [v for s in stacks for v in s.values.values() if v is not None]
    top = max([*known, Decimal(0)]) * Decimal("1.08")
    bottom = min([*known, Decimal(0)]) * Decimal("1.08")
    if bottom < 0:
        bottom -= (top - bottom) * Decimal("0.05")
    layout = _layout(periods, top, axis, right=112, bottom=bottom)
    layout["xaxis"]["range"] = [-0.2, len(periods) - 0.8]
    gap, taken, traces = top * NAME_HEIGHT, [], []
    for stack in stacks:
        values, name = [stack.values.get(p) for p in periods], numbers.literal(stack.name)
        colour = TOKENS[stack.swatch]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines" if len(periods) > 1 else "markers",
                "name": stack.name,
                "x": list(range(len(periods))),
                "y": [plain(v) for v in values],
                "connectgaps": False,
                "line": {"color": colour, "width": 1.75, "dash": stack.dash},
                "marker": {"color": colour, "size": 6},
                "hoverinfo": "text",
                "hovertext": [
                    "" if v is None else f"{name}, {axis.named(p)}: {value_text(v, axis)}"
                    for p, v in zip(periods, values, strict=True)
                ],
            }
        )
        ends = [(n, v) for n, v in enumerate(values) if v is not None]
        if ends:
            last, at = ends[-1]
            layout["annotations"].append(_line_end(last, at, colour, axis.is_open(periods[last])))
            while any(abs(at - other) < gap for other in taken):
                at += gap / 4
            if at - ends[-1][1] > gap * NAME_MOVES_MAX:
                continue
            taken.append(at)
            others = (one.values.get(periods[last]) for one in stacks if one is not stack)
            below = any(other is not None and other > ends[-1][1] for other in others)
            beside = _beside(last == len(periods) - 1, below) | {"name": "end"}
            text = _note(ends[-1][0], plain(at), name, **beside, font=_words())
            layout["annotations"].append(text)
    return {"data": traces, "layout": layout}


def _line_end(x: int, y: Decimal, colour: str, is_open: bool) -> dict:
    """A dot on the last known point: the colour beside the name; a ring where it may still change
    or only a part of its step is meant."""
    dot = "○" if is_open else "●"
    return _note(x, plain(y), dot, font={"size": 10 if is_open else 8, "color": colour})


def _beside(at_the_end: bool, below: bool) -> dict:
    """A line's name stands right of its last point, or above it when the line ends early; below it
    where another line is above."""
    if at_the_end:
        return {"xanchor": "left", "xshift": 8}
    if below:
        return {"xanchor": "right", "yanchor": "top", "yshift": -6}
    return {"xanchor": "right", "yanchor": "bottom", "yshift": 6}
