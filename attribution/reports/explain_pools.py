"""Why a figure carries so much of the ownerless pools: where their money comes from, and by what
weight this figure received its share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from attribution.reports.base import binds, fetch
from attribution.reports.explain_words import ratio_of, spread_sentence
from attribution.reports.spec import SPREAD, Spec

SHARES_MAX = ORIGINS_MAX = 12


@dataclass(frozen=True)
class PoolShare:
    """One pool of one source on one day, or over the month that begins on `start`: `part` is
    `given` times `weight` / `total_weight`, cut by the one split. Weights are effective cost in
    ten-thousandths. `given` and the totals are None for an asker who sees only some teams."""

    source: str
    pool: str
    start: date
    over_month: bool
    given: Decimal | None
    weight: int
    total_weight: int | None
    ratio: Decimal | None
    part: Decimal
    gave: Decimal


@dataclass(frozen=True)
class PoolOrigin:
    """What the pools of the same sources and days are made of."""

    source: str
    pool: str
    state: str
    service: str
    team: str
    given: Decimal


@dataclass(frozen=True)
class Spreads:
    """`idle` and `shared` are what the figure received, `gave_*` what it gave away as a pool. The
    shares beyond the first SHARES_MAX are summed in `more_part`."""

    sentence: str
    idle: Decimal
    shared: Decimal
    gave_idle: Decimal
    gave_shared: Decimal
    shares: tuple[PoolShare, ...]
    more_shares: int
    more_part: Decimal
    origins: tuple[PoolOrigin, ...]


def spreads(asked: Spec, currency: str | None) -> Spreads | None:
    """The spread parts of the one figure `asked` is narrowed to; None when nothing is spread."""
    pools = [name for name in ("idle", "shared") if getattr(asked, name) == SPREAD]
    values = binds(asked) | {"pools": pools}
    rows = [r for r in fetch("explain_pools", values) if r["currency"] == currency] if pools else []
    if not rows:
        return None
    scoped = asked.asker.teams is not None
    shares = [_share(row, scoped) for row in rows]
    sums = {
        f"{column}{pool}": sum((r[name] for r in rows if r["pool"] == pool), Decimal(0))
        for pool in ("idle", "shared")
        for column, name in (("", "part"), ("gave_", "gave"))
    }
    origins = () if scoped else _origins(values, rows, currency)
    return Spreads(
        sentence=spread_sentence(sums, shares, origins),
        shares=tuple(shares[:SHARES_MAX]),
        more_shares=max(len(shares) - SHARES_MAX, 0),
        more_part=sum((one.part for one in shares[SHARES_MAX:]), Decimal(0)),
        origins=origins[:ORIGINS_MAX],
        **sums,
    )


def _share(row: Mapping, scoped: bool) -> PoolShare:
    shown = {name: row[name] for name in PoolShare.__dataclass_fields__ if name in row}
    shown["ratio"] = ratio_of(row["weight"], row["total_weight"])
    hidden = {"given": None, "total_weight": None, "ratio": None} if scoped else {}
    return PoolShare(**shown | hidden)


def _origins(values: Mapping, rows: list[dict], currency: str | None) -> tuple[PoolOrigin, ...]:
    sources = sorted({row["source"] for row in rows})
    found = fetch("explain_pool_origins", {**values, "sources": sources})
    names = PoolOrigin.__dataclass_fields__
    return tuple(
        PoolOrigin(**{name: row[name] for name in names})
        for row in found
        if row["currency"] == currency
    )
