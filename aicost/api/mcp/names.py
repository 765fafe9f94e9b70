"""Names in arguments: dimensions that a report knows, values that exist for who asks. What is not
known is refused with the nearest that are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches

from aicost.api.mcp.base import Reader, Refused
from aicost.kernel.periods import Period
from aicost.kernel.targets import DIMENSIONS, LEVELS
from attribution.classify import fold
from attribution.entities.find import find_names
from attribution.entities.known import is_known
from attribution.entities.seen import is_customer_seen, is_seen
from attribution.once import once
from attribution.reports import named, run
from attribution.reports.patterns import is_pattern
from attribution.reports.spec import (
    ANY_TAG,
    CHARGE_DAYS_MAX,
    LEFT_OUT,
    TAG,
    Asker,
    Spec,
    is_charge_dimension,
)

NEAREST_MAX, LOOK_BACK_DAYS = 5, 400
ALIKE_MIN = 0.6  # of letters in the same order, 1 is the same
CUSTOMER = "customer"
# Words of ours: their values are told by list_dimensions, and no name of theirs is nearest.
WORDED = ("kind", "state", "activity", "layer", "evidence", "charge_category", "cost_class")


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """The names most like it, whatever their case, spaces, hyphens and underscores."""
    by_fold: dict[str, str] = {}
    for name in names:
        by_fold.setdefault(fold(name), name)
    asked = fold(text)
    holds = sorted((f for f in by_fold if asked and (asked in f or f in asked) and f), key=len)
    close = get_close_matches(asked, list(by_fold), NEAREST_MAX, ALIKE_MIN)
    return [by_fold[f] for f in dict.fromkeys((*holds, *close))][:NEAREST_MAX]


def check_dimensions(where: str, names: Sequence[str], choices: Sequence[str]) -> None:
    """Raises Refused for a dimension that cannot be asked here."""
    for name in names:
        tagged = ANY_TAG in choices and name.startswith(TAG) and name != TAG
        if name in choices or tagged:
            continue
        close = nearest(name, choices)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise Refused(where, f"there is no dimension {name[:60]!r} here",
                      f"{hint}There are: {', '.join(choices)}")  # fmt: skip


def checked_filters(
    caller: Reader,
    report: str,
    filters: Mapping[str, Sequence[str]],
    period: Period,
    where: str = "filters",
) -> dict[str, tuple[str, ...]]:
    """The filters with names as the ledger writes them. Raises Refused for an unknown dimension or
    value, naming the nearest that this caller may see."""
    check_dimensions(where, list(filters), named(report).filters)
    return {
        name: tuple(_value(caller, name, value, period, where) for value in values)
        for name, values in filters.items()
        if values
    }


def _value(caller: Reader, dimension: str, value: str, period: Period, where: str) -> str:
    if value == "" or is_pattern(dimension, value) or _is_there(caller.asker, dimension, value):
        return value
    names = values_of(caller.asker, dimension, period)
    if value in names:
        return value
    same = [name for name in names if fold(name) == fold(value)]
    if len(same) == 1:
        return same[0]
    close = nearest(value, names) or _found(caller.asker, dimension, value)
    hint = f"Nearest: {', '.join(close)}" if close else "search_values finds names by a part"
    what = f"no {dimension.replace('_', ' ')} {value[:60]!r} that you may see"
    raise Refused(f"{where}.{dimension}", what, hint)


def _is_there(asker: Asker, dimension: str, value: str) -> bool:
    """Whether the ledger and this asker know the name, without a look at money."""
    if dimension == CUSTOMER:
        return is_known(dimension, value) and is_customer_seen(asker, value)
    if dimension not in (*DIMENSIONS, *LEVELS):
        return False
    return is_known(dimension, value) and is_seen(asker, dimension, value)


def _found(asker: Asker, dimension: str, value: str) -> list[str]:
    hits = find_names(asker, value, NEAREST_MAX)
    return [hit.name for hit in hits if hit.kind == dimension]


@once
def values_of(asker: Asker, dimension: str, period: Period) -> tuple[str, ...]:
    """The names of the dimension that money of the asker stands on around the period, the dearest
    first."""
    if dimension == CUSTOMER:
        spec = Spec("customers", period, asker, estimates=LEFT_OUT)
    elif dimension in named("cost").groups or dimension.startswith(TAG):
        days = CHARGE_DAYS_MAX if is_charge_dimension(dimension) else LOOK_BACK_DAYS
        start = max(period.end - timedelta(days=days), period.start) if (
            is_charge_dimension(dimension)) else period.end - timedelta(days=days)  # fmt: skip
        spec = Spec("cost", Period(min(start, period.end - timedelta(1)), period.end), asker,
                    group_by=(dimension,), estimates=LEFT_OUT)  # fmt: skip
    else:
        return ()
    return tuple(dict.fromkeys(row[dimension] for row in run(spec).rows if row[dimension]))
