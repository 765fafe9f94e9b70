"""What a rename or merge would change, from the ledger as it stands: money and calls per name."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aicost.kernel.periods import Period
from aicost.kernel.targets import DIMENSIONS
from attribution.entities.changes import check_name
from attribution.reports import run
from attribution.reports.spec import LEFT_OUT, Asker, Spec
from attribution.reports.unit_cost import DIMENSIONS as CALLED

ZERO = Decimal(0)


@dataclass(frozen=True)
class Moved:
    """One name in one currency: its cost in the period now and after the change; calls likewise,
    None where reports count none of this dimension. The sum over names is the same in both."""

    name: str
    currency: str
    cost: Decimal
    cost_then: Decimal
    calls: int | None
    calls_then: int | None


def preview_merge(
    dimension: str,
    names: tuple[str, ...],
    into: str,
    period: Period,
    asker: Asker,
    day: date | None = None,
) -> list[Moved]:
    """Cost and calls of every name over the period, as it is and as it would be if the names were
    called `into` from `day` on. Raises like `run`, and EntityRefused for what can be no name."""
    into = check_name(dimension, into)
    names = tuple(check_name(dimension, name) for name in names)
    every = tuple(dict.fromkeys((*names, into)))
    start = max(day or period.start, period.start)
    later = Period(start, period.end) if start < period.end else None
    cost = _cost(dimension, every, period, asker)
    moved = _cost(dimension, names, later, asker) if later else {}
    calls = _calls(dimension, every, period, asker)
    moved_calls = _calls(dimension, names, later, asker) if later else {}
    currencies = sorted({currency for _, currency in cost}) or [""]
    rows = []
    for currency in currencies:
        gained = sum((moved.get((name, currency), ZERO) for name in names if name != into), ZERO)
        for name in every:
            now = cost.get((name, currency), ZERO)
            then = now + gained if name == into else now - moved.get((name, currency), ZERO)
            rows.append(Moved(name, currency, now, then, *_counted(calls, moved_calls, name, into)))
    return rows


def _counted(calls: dict, moved: dict, name: str, into: str) -> tuple[int | None, int | None]:
    now = calls.get(name)
    gained = sum(count for other, count in moved.items() if other != into)
    if name == into:
        return now, (now or 0) + gained if now is not None or gained else None
    return now, None if now is None else now - moved.get(name, 0)


def _cost(
    dimension: str, names: tuple[str, ...], period: Period, asker: Asker
) -> dict[tuple[str, str], Decimal]:
    spec = Spec("cost", period, asker, group_by=(dimension,), filters={dimension: names},
                estimates=LEFT_OUT)  # fmt: skip
    found: dict[tuple[str, str], Decimal] = {}
    for row in run(spec).rows:
        key = row[dimension], row["currency"]
        found[key] = found.get(key, ZERO) + row["cost"]
    return found


def _calls(dimension: str, names: tuple[str, ...], period: Period, asker: Asker) -> dict[str, int]:
    if dimension not in CALLED or dimension not in DIMENSIONS:
        return {}
    spec = Spec("unit_cost", period, asker, group_by=(dimension,), filters={dimension: names})
    found: dict[str, int] = {}
    for row in run(spec).rows:
        if row["requests"]:
            found[row[dimension]] = max(found.get(row[dimension], 0), row["requests"])
    return found
