"""What every answer says about itself: freshness, final or not, as of when, and the residual."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from aicost.kernel.periods import Period, utc_today
from attribution.once import once
from attribution.reports.base import binds, fetch
from attribution.reports.spec import Asker, Freshness, Spec


@dataclass(frozen=True)
class Trust:
    """Of one period, basis and asker; each part is looked up when it is first read. It is about
    all data of these days, whatever the filters of the question."""

    period: Period
    basis: str
    asker: Asker

    @cached_property
    def freshness(self) -> tuple[Freshness, ...]:
        return tuple(
            Freshness(
                row["source"], row["kind"], row["through"], row["final_through"], row["loaded_at"]
            )
            for row in theirs(self._sources)
        )

    @cached_property
    def as_of(self) -> datetime | None:
        """When data was last loaded."""
        return max((row["loaded_at"] for row in self._sources if row["loaded_at"]), default=None)

    @cached_property
    def final(self) -> bool:
        """Every bill with charges in the period is final to its end, and no day waits."""
        last = self.period.end - timedelta(days=1)
        asked = [row for row in self._sources if row["stands_in_period"]]
        return bool(asked) and all(
            row["final_through"] is not None
            and row["final_through"] >= last
            and not row["dirty_in_period"]
            for row in asked
        )

    @cached_property
    def residual(self) -> Decimal | None:
        """The bill minus the ledger, 0 only when it is for every source and currency: they never
        offset one another. None for an asker who sees only some teams."""
        if self.asker.teams is not None:
            return None
        asked = Spec("cost", self.period, self.asker, basis=self.basis)
        rows = [row for row in fetch("residual", binds(asked)) if row["residual"]]
        total = sum((row["residual"] for row in rows), Decimal(0))
        if total and len({row["currency"] for row in rows}) == 1:
            return total
        return sum((abs(row["residual"]) for row in rows), Decimal(0))

    @cached_property
    def _sources(self) -> list[dict]:
        return sources_of(self.period, self.asker.teams)


def trust_of(spec: Spec) -> Trust:
    """Of a question: one for all that ask of the same days, basis and rows."""
    return _trust(spec.period, spec.basis, spec.asker)


@once
def _trust(period: Period, basis: str, asker: Asker) -> Trust:
    return Trust(period, basis, asker)


@once
def sources_of(period: Period, teams: tuple[str, ...] | None) -> list[dict]:
    """The rows of freshness.sql: how far each source reaches, and what of the period waits. All of
    them say whether an answer is final; an asker may know `theirs`."""
    days = {"start": period.start, "end": period.end, "today": utc_today()}
    return fetch("freshness", days | {"teams": None if teams is None else list(teams)})


def theirs(sources: Iterable[dict]) -> Iterator[dict]:
    """The sources whose names may be told."""
    return (row for row in sources if row["is_theirs"])
