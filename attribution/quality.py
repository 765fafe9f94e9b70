"""What a better model costs: which versions nothing beats, and what the last gain is worth. Pure.

Dominance and the frontier of maxima: Kung, Luccio, Preparata, "On Finding the Maxima of a Set of
Vectors", J. ACM 22 (1975). Money for a point is the incremental cost-effectiveness ratio,
(C1 - C0) / (E1 - E0): Drummond et al., "Methods for the Economic Evaluation of Health Care
Programmes", ch. 4.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from aicost.kernel.money import QUANTUM

HIGHER, LOWER = "higher", "lower"
POINT = Decimal("0.01")


def points(new: Decimal, old: Decimal, better: str, is_share: bool) -> Decimal:
    """How much better `new` is than `old`: in hundredths where the measure is a share of 1
    (accuracy, AUC, NDCG), else in its own unit. Negative when it is worse."""
    gained = new - old if better == HIGHER else old - new
    return gained / POINT if is_share else gained


@dataclass(frozen=True)
class Point:
    """One version on the plane: what a call costs and how good it is."""

    key: Hashable
    cost: Decimal
    score: Decimal


def _beats(a: Point, b: Point, better: str) -> bool:
    """`a` costs no more and is no worse than `b`, and one of both strictly."""
    gained = a.score - b.score if better == HIGHER else b.score - a.score
    return a.cost <= b.cost and gained >= 0 and (a.cost < b.cost or gained > 0)


def beaten_by(found: Iterable[Point], better: str) -> dict[Hashable, Hashable | None]:
    """key -> the best point that beats it, the cheapest of equally good ones; None on the
    frontier. What beats another point is always on the frontier itself."""
    found = list(found)
    sign = 1 if better == HIGHER else -1
    standing: dict[Hashable, Hashable | None] = {}
    for one in found:
        others = [other for other in found if _beats(other, one, better)]
        best = max(others, key=lambda other: (sign * other.score, -other.cost), default=None)
        standing[one.key] = best.key if best else None
    return standing


def per_point(cost: Decimal, gained: Decimal) -> Decimal:
    """Money for one point, to 18 decimals. `gained` is above 0."""
    return (cost / gained).quantize(QUANTUM)
