"""Events into findings, findings into incidents: what has one cause is told once.

Two findings belong to one incident when they point the same way, begin within two days of each
other, and share a team, model, service or feature in which so many series at once would be a
chance of less than one in a thousand.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from math import comb

import numpy as np

from attribution.detectors.findings import Finding
from attribution.detectors.panel import VINTAGES, Panel

WITHIN = timedelta(days=2)
SERIES_LEAST = 3
CHANCE_MOST = 0.001
SHARE_OF_PARENT = 0.67
DIMENSIONS = ("team", "model", "service", "feature")


def findings_of(panel: Panel, judged) -> list[Finding]:
    """The events of a judgement, in the order of the series and of their days."""
    rows, columns = np.nonzero(judged.number)
    if rows.size == 0:
        return []
    numbers = judged.number[rows, columns].astype(np.int64)
    order = np.lexsort((columns, numbers, rows))
    rows, columns, numbers = rows[order], columns[order], numbers[order]
    starts = np.flatnonzero(np.diff(rows * 40_000 + numbers, prepend=-1))
    expected = np.add.reduceat(np.nan_to_num(judged.expected[rows, columns]), starts)
    actual = np.add.reduceat(np.nan_to_num(panel.cost[rows, columns]), starts)
    scores = np.maximum.reduceat(judged.score[rows, columns], starts)
    raised = judged.raised[rows, columns]
    moments = panel.periods.tolist()
    ends = np.append(starts[1:], rows.size)
    found = []
    for place, (begin, end) in enumerate(zip(starts, ends, strict=True)):
        first = begin + int(np.argmin(raised[begin:end]))
        age = int(raised[first] - columns[begin:end][raised[begin:end] == raised[first]].max())
        excess = float(actual[place] - expected[place])
        days = int(end - begin)
        found.append(
            Finding(
                series=panel.series[rows[begin]],
                kind=judged.kinds[int(rows[begin]), int(numbers[begin])],
                onset=moments[columns[begin]],
                last=moments[columns[end - 1]],
                raised_on=moments[raised[first]],
                vintage="final" if panel.seen is None else VINTAGES[min(age, 3)],
                expected=float(expected[place]),
                actual=float(actual[place]),
                score=float(scores[place]),
                gates={
                    "excess": excess,
                    "share": excess / max(float(expected[place]), 1.0),
                    "periods": float(days),
                },
            )
        )
    return found


def grouped(findings: list[Finding], meta: dict[str, dict[str, str]], days: int) -> list[Finding]:
    """The findings with their incident in `group`: named by its first day and what its series
    share, or by the series that stands alone. `days` is how many the series were watched."""
    members = Counter(
        (name, row[name]) for row in meta.values() for name in DIMENSIONS if row.get(name)
    )
    usual = min(len(findings) / max(len(meta) * days, 1) * 5, 0.5) if meta else 0.5
    chosen: dict[int, str] = {}
    # the strongest agreement first: what it takes is no longer there for weaker ones
    for chance, key, group in sorted(_candidates(findings, meta, members, usual)):
        free = [at for at in group if at not in chosen]
        if len({findings[at].series for at in free}) >= SERIES_LEAST and chance < CHANCE_MOST:
            first = min(_day(findings[at].onset) for at in free)
            for at in free:
                chosen[at] = f"{first.isoformat()}:{key[0]}={key[1]}"
    return [
        replace(one, group=chosen.get(at, f"{_text(one.onset)}:{one.series}"))
        for at, one in enumerate(findings)
    ]


def _text(moment) -> str:
    return moment.isoformat()


def _day(moment) -> date:
    return moment.date() if hasattr(moment, "date") else moment


def _candidates(findings, meta, members, usual) -> Iterable[tuple[float, tuple, list[int]]]:
    by_value = defaultdict(list)
    for at, one in enumerate(findings):
        for name in DIMENSIONS:
            value = meta.get(one.series, {}).get(name)
            if value:
                by_value[name, value, one.actual >= one.expected].append(at)
    for (name, value, _), places in by_value.items():
        places.sort(key=lambda at: _day(findings[at].onset))
        days = [_day(findings[at].onset) for at in places]
        begin = 0
        for end in range(len(places)):
            while days[end] - days[begin] > WITHIN:
                begin += 1
            group = places[begin : end + 1]
            series = {findings[at].series for at in group}
            if len(series) >= SERIES_LEAST:
                chance = at_least(len(series), members[name, value], usual)
                yield chance, (name, value), group


def at_least(hits: int, tries: int, chance: float) -> float:
    """The binomial chance of so many hits or more."""
    if tries > 1000:
        # far out in the tail the first term is all that counts, and factorials grow long
        tries = 1000
    return sum(
        comb(tries, k) * chance**k * (1 - chance) ** (tries - k) for k in range(hits, tries + 1)
    )


def merged(findings: list[Finding], parent: dict[str, str]) -> list[Finding]:
    """Of findings on a series and on series above it that began within two days, the deepest that
    holds at least two thirds of the excess of the one above; the others are left out. `parent`
    names the series above each."""
    kept = {id(one): one for one in findings}
    by_series = defaultdict(list)
    for one in findings:
        by_series[one.series].append(one)
    for one in sorted(findings, key=lambda one: -_depth(one.series, parent)):
        above = parent.get(one.series)
        while above is not None:
            for upper in by_series.get(above, []):
                near = abs(_day(upper.onset) - _day(one.onset)) <= WITHIN
                if not near or upper.excess * one.excess <= 0 or id(one) not in kept:
                    continue
                if abs(one.excess) >= SHARE_OF_PARENT * abs(upper.excess):
                    kept.pop(id(upper), None)
                else:
                    kept.pop(id(one), None)
            above = parent.get(above)
    return [one for one in findings if id(one) in kept]


def _depth(series: str, parent: dict[str, str]) -> int:
    depth = 0
    while series in parent:
        series, depth = parent[series], depth + 1
    return depth
