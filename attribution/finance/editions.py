"""A finance table as it holds month by month: a closed month keeps what held when it was closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aicost.kernel.periods import month_start
from attribution.closing.pinned import closes_in_force
from attribution.finance.conditions import Ordered, ordered
from attribution.finance.shapes import Row
from attribution.finance.tables import built_in, shape_of
from attribution.models import FinanceEdition
from attribution.once import once


@dataclass(frozen=True)
class Editions:
    """`open` holds for every month that is not in `closed`, the closed months with other rows."""

    open: Ordered
    closed: Mapping[date, Ordered]

    def of(self, month: date) -> Ordered:
        return self.closed.get(month_start(month), self.open)

    @property
    def asked(self) -> tuple[str, ...]:
        every = (self.open, *self.closed.values())
        return tuple(dict.fromkeys(name for one in every for name in one.asked))

    @property
    def changes(self) -> bool:
        """Whether one month may be decided in another way than the next."""
        return bool(self.closed) or self.open.dated


def editions(name: str, draft: Sequence[Row] | None = None) -> Editions:
    """The table in force; with a `draft`, as it would be once the draft is saved."""
    return _as_saved(name) if draft is None else _with(name, list(draft), _saved(name))


@once
def _as_saved(name: str) -> Editions:
    saved = _saved(name)
    return _with(name, saved[0].rows if saved else built_in(name), saved)


def _saved(name: str) -> list[FinanceEdition]:
    """The editions of the table, the newest first; only that one where no month is closed."""
    return [one for one in _every_saved() if one.table == name]


@once
def _every_saved() -> list[FinanceEdition]:
    found = FinanceEdition.objects.order_by("table", "-version")
    return list(found if closes_in_force() else found.distinct("table"))


def _with(name: str, rows: list[Row], saved: Sequence[FinanceEdition]) -> Editions:
    by, closed = shape_of(name).conditions, {}
    for close in closes_in_force():
        then = next((one.rows for one in saved if one.saved_at <= close.closed_at), None)
        then = built_in(name) if then is None else then
        if then != rows:
            closed[close.month] = ordered(then, by)
    return Editions(ordered(rows, by), closed)
