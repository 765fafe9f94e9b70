"""What of the bills is not in yet, leaf by leaf: a period whose last days are still coming in is
not a cheaper one.

Of a leaf that telemetry knows it is what the estimates expect beyond the bill on days that are not
final (report `cost`, `estimated_cost`). Of a leaf without estimates only whole days can be known to
be missing: those that its bill has not reached are taken to cost what the same days of the other
period do, day by day from the first. What is missing is added to the side, so that volume, mix and
price compare whole periods, and taken off again as an effect of its own: no cost changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period, utc_today
from attribution.drivers import Side
from attribution.reports.base import pick
from attribution.reports.convert import folded
from attribution.reports.expected import ESTIMATED, expected_rows
from attribution.reports.spec import Spec
from attribution.reports.trust import sources_of

LATE = "late"
# A bill silent for so long is gone, not late.
GONE_DAYS = 35
ONE_DAY = timedelta(days=1)
ZERO = Decimal(0)
Key = tuple[str, ...]


@dataclass(frozen=True)
class OpenBill:
    """A bill that comes: the last day it has delivered, and the last that will not change."""

    source: str
    through: date
    final_through: date


def open_bills(period: Period) -> list[OpenBill]:
    """The bills of which a day of the period, up to yesterday, is not final."""
    today = utc_today()
    return [
        OpenBill(row["source"], row["through"], row["final_through"])
        for row in sources_of(period, None)
        if row["kind"] == "bill"
        and row["through"] is not None
        and row["through"] >= today - timedelta(days=GONE_DAYS)
        and row["final_through"] < min(period.end, today) - ONE_DAY
    ]


def expected(asked: Spec, bills: Iterable[OpenBill], missing: set) -> list[dict]:
    """What the estimates expect of these bills, by the groups of the question, as `cost`; what has
    no price is unknown and left out."""
    names = tuple(bill.source for bill in bills if bill.final_through < asked.period.end - ONE_DAY)
    if not names:
        return []
    return folded(replace(asked, filters={"source": names}), _priced, ("cost",), missing)


def _priced(spec: Spec) -> list[dict]:
    found = [row | {"cost": row[ESTIMATED]} for row in expected_rows(spec)]
    priced = [row for row in found if row["cost"] is not None]
    return pick(priced, ("period", *spec.group_by, "currency", "cost"))


def spans_missing(period: Period, other: Period, bills: Iterable[OpenBill]) -> Iterator[tuple]:
    """(source, days of the other period) that stand beside days the bill has not reached."""
    until = min(period.end, utc_today())
    for bill in bills:
        first = max(bill.through + ONE_DAY, period.start)
        begins = other.start + (first - period.start)
        ends = min(other.start + (until - period.start), other.end)
        if first < until and begins < ends:
            yield bill.source, Period(begins, ends)


def add_missing(sides: dict[Key, Side], key: Key, amount: Decimal) -> None:
    """Complete the side of a leaf, whose last part is ''; the leaf beside it takes it off."""
    side = sides.get(key, Side())
    sides[key] = replace(side, cost=side.cost + amount)
    off = (*key[:-1], LATE)
    sides[off] = Side(sides.get(off, Side()).cost - amount)


def without_estimates(sides: Mapping[Key, Side], key: Key) -> bool:
    return (*key[:-1], LATE) not in sides
