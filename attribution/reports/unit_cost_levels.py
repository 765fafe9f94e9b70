"""Unit cost by what stands above names: the parts of every name, put together as it stood below
its parent on each day. Between two changes of a parent the names below a level are the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
import json

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS
from attribution.entities.hierarchy import cuts_between, names_on, names_under
from attribution.reports.spec import Spec

Rows = list[dict]
Parts = tuple[Rows, Rows, Rows]


def levels_of(spec: Spec) -> list[str]:
    return [name for name in LEVELS if name in spec.group_by or name in spec.filters]


def by_levels(spec: Spec, parts: Callable[[Spec], Parts], names: Iterable[str]) -> Parts:
    """(money, calls, outcomes) of the question, from `parts` of the ledger's own names between the
    days on which something changes; `names` are the columns that are no figures."""
    levels = levels_of(spec)
    edges = cuts_between(levels, spec.period.start, spec.period.end)
    bounds = [spec.period.start, *edges, spec.period.end]
    found: tuple[dict, dict, dict] = ({}, {}, {})
    for start, end in zip(bounds, bounds[1:], strict=False):
        above = {level: names_on(level, start) for level in levels}
        for summed, rows in zip(found, parts(_asked(spec, levels, start, end)), strict=True):
            for row in rows:
                placed = _placed(spec, row, above)
                if placed is not None:
                    key = tuple(placed.get(name, "") for name in (*names, "currency"))
                    summed[key] = _added(summed[key], placed) if key in summed else placed
    return tuple(list(one.values()) for one in found)


def _asked(spec: Spec, levels: list[str], start: date, end: date) -> Spec:
    """The same question of the names below the levels, on these days."""
    groups = [name for name in spec.group_by if name not in levels]
    groups += [LEVELS[level] for level in levels]
    filters = {name: values for name, values in spec.filters.items() if name not in levels}
    for level in levels:
        under = names_under(level, spec.filters[level]) if level in spec.filters else None
        if under is not None:
            given = filters.get(LEVELS[level])
            kept = under if given is None else under & set(given)
            filters[LEVELS[level]] = tuple(sorted(kept))
    return replace(
        spec, period=Period(start, end), group_by=tuple(dict.fromkeys(groups)), filters=filters
    )


def _placed(spec: Spec, row: dict, above: Mapping[str, Mapping[str, str]]) -> dict | None:
    """The row under the levels of its names; None when a filter leaves it out."""
    placed = dict(row)
    for level, names in above.items():
        own = row.get(LEVELS[level], "")
        placed[level] = names.get(own, own if level == "base_model" else "")
        if level in spec.filters and placed[level] not in spec.filters[level]:
            return None
    for level in above:
        if LEVELS[level] not in spec.group_by and LEVELS[level] in placed:
            placed[LEVELS[level]] = ""
        if level not in spec.group_by:
            placed[level] = ""
    if spec.granularity == "total":
        placed["period"] = spec.period.start
    return placed


def _added(old: dict, new: dict) -> dict:
    """Figures summed, latencies merged; different outcomes are named and never added up."""
    summed = dict(old)
    for name, value in new.items():
        if name == "latency":
            summed[name] = _merged(old[name], value)
        elif name == "outcome":
            both = {*old[name].split(", "), *value.split(", ")}
            summed[name] = ", ".join(sorted(both))
        elif isinstance(value, Decimal | int) or isinstance(old[name], Decimal | int):
            summed[name] = _sum(old[name], value)
    if "outcome" in new and "," in summed["outcome"]:
        summed["outcomes"] = None
    return summed


def _sum(a: Decimal | int | None, b: Decimal | int | None) -> Decimal | int | None:
    """As SQL sums: nothing known beside something is that."""
    return b if a is None else a if b is None else a + b


def _merged(a: object, b: object) -> dict | None:
    """Two histograms, {bucket: requests}, as one; Django's cursors leave jsonb as text."""
    found: dict[str, int] = {}
    for told in (a, b):
        buckets = json.loads(told) if isinstance(told, str) else told or {}
        for bucket, requests in buckets.items():
            found[bucket] = found.get(bucket, 0) + int(requests)
    return found or None
