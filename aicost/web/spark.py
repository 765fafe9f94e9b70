"""Small drawings the server makes itself: points of sparklines and widths of share bars.

They leave as attributes of SVG elements, which a strict content policy allows.
"""

from collections.abc import Sequence
from decimal import Decimal

WIDTH, HEIGHT = 108, 20


def points(values: Sequence[Decimal | None], top: Decimal) -> str:
    """Points of a polyline, zero at the bottom and `top` at the top: one scale for a column."""
    if len(values) < 2 or not top:
        return ""
    step = Decimal(WIDTH) / (len(values) - 1)
    return " ".join(
        f"{round(step * n, 1)},{round(HEIGHT - HEIGHT * max(value, Decimal(0)) / top, 1)}"
        for n, value in enumerate(values)
        if value is not None
    )


def last_point(path: str) -> tuple[str, str]:
    x, y = path.rsplit(" ", 1)[-1].split(",")
    return x, y


def shares(parts: Sequence[tuple[str, Decimal]], width: int = 1000) -> list[tuple[str, str, str]]:
    """[(class, cost)] -> [(class, x, width)], negative parts left out."""
    whole = sum((cost for _, cost in parts if cost > 0), Decimal(0))
    found, x = [], Decimal(0)
    for css, cost in parts:
        if whole and cost > 0:
            wide = cost / whole * width
            found.append((css, str(round(x, 2)), str(round(wide, 2))))
            x += wide
    return found
