"""Every month there is money in: open, closed or reopened, by whom, and what blocks it."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from aicost.kernel.periods import months_between
from aicost.kernel.sqlfiles import sql
from attribution.closing.blockers import Blocker, blockers_of
from attribution.closing.pinned import PACKAGE, every_close
from attribution.models import MonthClose

OPEN, CLOSED, REOPENED = "open", "closed", "reopened"


@dataclass(frozen=True)
class MonthState:
    """`last` is the latest edition, if any; blockers are those of a month that is not closed."""

    month: date
    state: str
    last: MonthClose | None
    editions: tuple[MonthClose, ...]
    blockers: tuple[Blocker, ...]

    @property
    def told(self) -> str:
        if self.last is None:
            return "never closed"
        by, at = self.last.closed_by.get_username(), self.last.closed_at
        told = f"edition {self.last.edition} by {by} on {at:%Y-%m-%d %H:%M} UTC"
        if self.last.why_anyway:
            told += f", anyway: {self.last.why_anyway}"
        if self.state == REOPENED:
            by, at = self.last.reopened_by.get_username(), self.last.reopened_at
            told += f"; reopened by {by} on {at:%Y-%m-%d %H:%M} UTC: {self.last.reason}"
        return told


def month_states(
    start: date | None = None, end: date | None = None, with_blockers: bool = True
) -> list[MonthState]:
    """The months of [start, end) with charges or closes, the newest first."""
    by_month: dict[date, list[MonthClose]] = {}
    for close in every_close():
        by_month.setdefault(close.month, []).append(close)
    months = set(by_month) | set(months_of_bills())
    asked = [
        month
        for month in sorted(months, reverse=True)
        if (start is None or month >= start.replace(day=1)) and (end is None or month < end)
    ]
    return [_state(month, by_month.get(month, []), with_blockers) for month in asked]


def months_of_bills() -> list[date]:
    """Every month from the first with a charge to the last."""
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "months_with_money"))
        first, last = cursor.fetchone()
    return list(months_between(first, last)) if first else []


def _state(month: date, editions: list[MonthClose], with_blockers: bool) -> MonthState:
    last = editions[-1] if editions else None
    state = OPEN if last is None else REOPENED if last.reopened_at else CLOSED
    blockers = blockers_of(month) if with_blockers and state != CLOSED else ()
    return MonthState(month, state, last, tuple(editions), blockers)
