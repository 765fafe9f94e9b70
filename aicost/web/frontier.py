"""Quality against cost as a Plotly figure: points, the stepped frontier, names that never collide.
Pure, like aicost.web.figures: finished points in, JSON out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from aicost.kernel.money import plain
from aicost.web import numbers
from aicost.web.figures import INK, RULE, SECOND, THIRD
from aicost.web.ticks import TICKS_MAX, Axis, nice_ticks, tick_text

ACCENT = "--accent"
# Where names go, tried in this order; the steps of the frontier leave their points to the right.
RIGHT, ABOVE = ("left", "middle", 9, 0), ("center", "bottom", 0, 8)
BELOW, LEFT = ("center", "top", 0, -8), ("right", "middle", -9, 0)
ON_STEPS, BESIDE = (ABOVE, BELOW, LEFT), (RIGHT, BELOW, ABOVE, LEFT)
WIDE_PX, HIGH_PX, CHARACTER_PX, NAME_PX, MARK_PX = 500, 250, Decimal("6.4"), 16, 7
HALF_PX = Decimal(NAME_PX) / 2
FONT = {"family": "Inter, system-ui, sans-serif", "size": 11, "color": THIRD}


@dataclass(frozen=True)
class Mark:
    """One version: what a thousand calls cost, its score, how it stands. `serves`: it answers
    calls in the period; `leads`: most of them."""

    name: str
    cost: Decimal
    score: Decimal
    on_frontier: bool
    serves: bool
    leads: bool
    said: str


def cut_ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Even, round steps from at or below `low` to at or above `high`; not from zero."""
    if high <= low:
        low, high = low - abs(low) / 20 - Decimal("0.001"), high + abs(high) / 20 + Decimal("0.001")
    raw = (high - low) / (TICKS_MAX - 1)
    scale = Decimal(1).scaleb(raw.adjusted())
    step = next(m * scale for m in map(Decimal, ("1", "2", "2.5", "5", "10")) if m * scale >= raw)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [step * n for n in range(int(first), int(last) + 1)]


def score_text(value: Decimal, step: Decimal | None = None) -> str:
    """Four significant digits, or as many places as the step of an axis needs."""
    places = max(0, min(6, 3 - value.adjusted())) if value else 0
    if step is not None:
        places = max(0, -step.normalize().as_tuple().exponent)
    return f"{numbers.rounded(value, places):,.{places}f}".replace("-", numbers.MINUS)


def drawn(marks: Sequence[Mark], currency: str, measure: str, lower: bool) -> dict:
    """Cost from zero to the right, quality up: where less is better the axis runs downwards, so
    that up is always better. The axis of quality is cut; the page says so."""
    right = max(m.cost for m in marks) * Decimal("1.18") or Decimal(1)
    across = [t for t in nice_ticks(right) if t <= right]
    up = cut_ticks(min(m.score for m in marks), max(m.score for m in marks))
    ends = (up[-1], up[0]) if lower else (up[0], up[-1])
    layout = _layout(across, up, ends, right, currency)
    layout["annotations"] = [
        {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "text": numbers.literal(measure)}
        | {"showarrow": False, "xanchor": "left", "yanchor": "bottom", "yshift": 6, "font": FONT},
        {"x": 1, "y": 0, "xref": "paper", "yref": "paper", "showarrow": False, "font": FONT}
        | {"xanchor": "right", "yanchor": "top", "yshift": -22}
        | {"text": "Cost per 1k inferences, marginal"},
        *_names(marks, right, ends),
    ]
    return {"data": [_frontier(marks, right, lower), _points(marks)], "layout": layout}


def _layout(
    across: list[Decimal],
    up: list[Decimal],
    ends: tuple[Decimal, Decimal],
    right: Decimal,
    currency: str,
) -> dict:
    axis, step = Axis("week", currency), up[1] - up[0]
    lines = {"fixedrange": True, "zeroline": False, "ticks": ""}
    return {
        "font": FONT,
        "margin": {"l": 56, "r": 12, "t": 28, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "--page", "bordercolor": "--rule-strong",
                       "font": {"color": INK, "size": 12, "family": FONT["family"]}},
        "xaxis": lines | {
            "range": ["0", plain(right)], "tickvals": [plain(t) for t in across],
            "ticktext": [tick_text(t, axis) for t in across], "showgrid": False,
            "showline": True, "linecolor": "--rule-strong",
        },
        "yaxis": lines | {
            "range": [plain(end) for end in ends], "tickvals": [plain(t) for t in up],
            "ticktext": [score_text(t, step) for t in up], "gridcolor": RULE,
        },
        "shapes": [],
    }  # fmt: skip


def _frontier(marks: Sequence[Mark], right: Decimal, lower: bool) -> dict:
    """Steps: for any money to the right of a point one can have its quality until the next."""
    corner = sorted((m for m in marks if m.on_frontier), key=lambda m: (m.cost, m.score))
    if lower:
        corner.sort(key=lambda m: (m.cost, -m.score))
    xs, ys = [m.cost for m in corner], [m.score for m in corner]
    if corner:
        xs, ys = [*xs, right], [*ys, ys[-1]]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Frontier",
        "x": [plain(x) for x in xs],
        "y": [plain(y) for y in ys],
        "line": {"color": ACCENT, "width": 1.75, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _points(marks: Sequence[Mark]) -> dict:
    def ink(mark: Mark) -> str:
        return ACCENT if mark.on_frontier else SECOND

    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Versions",
        "x": [plain(m.cost) for m in marks],
        "y": [plain(m.score) for m in marks],
        "hoverinfo": "text",
        "hovertext": [numbers.literal(m.said) for m in marks],
        "cliponaxis": False,
        "marker": {
            "opacity": 1,
            "size": [12 if m.leads else 9 for m in marks],
            "color": [ink(m) if m.serves else "--page" for m in marks],
            "line": {"color": [ink(m) for m in marks], "width": 1.5},
        },
    }


def _names(marks: Sequence[Mark], right: Decimal, ends: tuple[Decimal, Decimal]) -> list[dict]:
    """Each name at the first place where it covers neither a point nor another name; one that fits
    nowhere is left to the table."""
    span = ends[1] - ends[0]
    spots = [(m.cost / right * WIDE_PX, (m.score - ends[0]) / span * HIGH_PX, m) for m in marks]
    taken = [(x - MARK_PX, y - MARK_PX, x + MARK_PX, y + MARK_PX) for x, y, _ in spots]
    notes = []
    for x, y, mark in sorted(spots, key=lambda spot: not spot[2].on_frontier):
        wide = len(mark.name) * CHARACTER_PX
        for xanchor, yanchor, dx, dy in ON_STEPS if mark.on_frontier else BESIDE:
            box = _box(x + dx, y + dy, wide, xanchor, yanchor)
            inside = box[0] >= 0 and box[2] <= WIDE_PX and box[1] >= -NAME_PX
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                font = {"size": 11, "color": INK if mark.on_frontier else SECOND}
                notes.append(
                    {
                        "x": plain(mark.cost),
                        "y": plain(mark.score),
                        "text": numbers.literal(mark.name),
                    }
                    | {"showarrow": False, "xanchor": xanchor, "yanchor": yanchor}
                    | {"xshift": dx, "yshift": dy, "font": font}
                    | ({} if mark.on_frontier else {"name": "wide"})
                )
                break
    return notes


def _box(x: Decimal, y: Decimal, wide: Decimal, xanchor: str, yanchor: str) -> tuple:
    left = {"left": x, "center": x - wide / 2, "right": x - wide}[xanchor]
    low = {"bottom": y, "middle": y - HALF_PX, "top": y - NAME_PX}[yanchor]
    return left, low, left + wide, low + NAME_PX


def _overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
