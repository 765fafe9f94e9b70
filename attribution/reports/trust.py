"""What every answer says about itself: freshness, final or not, as of when, and the residual."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from aicost.kernel.periods import utc_today
from attribution.reports.base import binds, fetch
from attribution.reports.spec import Freshness, Spec


@dataclass(frozen=True)
class Trust:
    freshness: tuple[Freshness, ...]
    final: bool
    as_of: datetime | None
    residual: Decimal | None


def trust(spec: Spec) -> Trust:
    """The bill minus the ledger is over the whole bill of the asked days, whatever the filters;
    it is None for an asker who sees only some teams."""
    sources = fetch("freshness", binds(spec) | {"today": utc_today()})
    billed = fetch("residual", binds(spec))
    loaded = [row["loaded_at"] for row in sources if row["loaded_at"]]
    return Trust(
        freshness=tuple(
            Freshness(
                row["source"], row["kind"], row["through"], row["final_through"], row["loaded_at"]
            )
            for row in sources
        ),
        final=_final(spec, sources, {row["source"] for row in billed}),
        as_of=max(loaded, default=None),
        residual=None if spec.asker.teams is not None else _residual(billed),
    )


def _final(spec: Spec, sources: list[dict], billing: set[str]) -> bool:
    """Every bill with charges in the period is final to its end, and no day waits."""
    last = spec.period.end - timedelta(days=1)
    asked = [row for row in sources if row["source"] in billing]
    return bool(asked) and all(
        row["final_through"] is not None
        and row["final_through"] >= last
        and not row["dirty_in_period"]
        for row in asked
    )


def _residual(billed: list[dict]) -> Decimal:
    """Zero only when every source and currency is; they never offset one another."""
    open_rows = [row for row in billed if row["residual"]]
    total = sum((row["residual"] for row in open_rows), Decimal(0))
    if total and len({row["currency"] for row in open_rows}) == 1:
        return total
    return sum((abs(row["residual"]) for row in open_rows), Decimal(0))
