"""The same money told once: of a name and of what it lies in the better of the two, and of many
that moved together one incident. Pure: no Django."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from attribution.alerting.levels import BY_NAME, ORGANISATION, Scope
from attribution.alerting.weighing import SETTINGS, decimal, weight
from attribution.detectors import DETECTORS
from attribution.detectors.findings import Finding, Noticed
from attribution.detectors.incidents import grouped

Part = Callable[[Scope, Scope], Decimal]
NEW = "new"
MOVED = ("shift", "drift", NEW)
MODEL, WORKLOAD, CUSTOMER = "model", "workload", "customer"
UNIT = "unit_cost"
# Facts that tell of the same idle money, what says why last.
IDLE = ("idle_gpu", "weekend", "uncalled_model", "forgotten_experiment")
FACTS = frozenset(one.name for one in DETECTORS if one.reads == "facts")


@dataclass
class Merged:
    """`parent` is the place of the one that tells the same money better, None where it is told
    itself; `incident` is what it shares with others, '' alone."""

    noticed: Noticed
    parent: int | None = None
    incident: str = ""

    @property
    def scope(self) -> Scope:
        return scope_of(self.noticed)


def scope_of(one: Noticed) -> Scope:
    return Scope(one.level, one.name, one.currency)


def merge(
    found: Sequence[Noticed], part: Part, lies: Mapping[Scope, Mapping[str, str]], days: int
) -> list[Merged]:
    """In the order given. `part(a, b)`: which part of the cost of b lies in a; `lies`: of every
    watched scope, the name of each dimension it lies in; `days`: for how long they were watched."""
    merged = [Merged(one) for one in found]
    # the deepest first: what it tells, nothing above it need tell
    order = sorted(range(len(found)), key=lambda at: _rank(found[at]), reverse=True)
    for place, lower in enumerate(order):
        for upper in order[place + 1 :]:
            _between(merged, upper, lower, part)
    for one in merged:
        _follow(one, merged)
    for upper in order:
        if merged[upper].parent is None:
            merged[upper].parent = _told_before(merged, upper, part)
    for one in merged:
        _follow(one, merged)
    _group([one for one in merged if one.parent is None], lies, days)
    return merged


def _between(merged: list[Merged], upper: int, lower: int, part: Part) -> None:
    """Of two that are about the same money, the deeper one tells it if it holds most of it."""
    one, other = merged[upper], merged[lower]
    if other.parent is not None or not _same_money(one.noticed, other.noticed, part):
        return
    near = _near(one.noticed, other.noticed)
    if one.parent is not None:
        # a customer has a part in everything that happens to the whole
        if near and (one.noticed.level, other.noticed.level) == (ORGANISATION, CUSTOMER):
            other.parent = upper
    elif tells(other.noticed, one.noticed):
        if near or _overlap(one.noticed, other.noticed):
            one.parent = lower
    elif near:
        other.parent = upper


def _follow(one: Merged, merged: list[Merged]) -> None:
    while one.parent is not None and merged[one.parent].parent is not None:
        one.parent = merged[one.parent].parent


def _told_before(merged: list[Merged], upper: int, part: Part) -> int | None:
    """The largest of the new levels below it that began before it and together hold most of it:
    its money was told already."""
    whole = merged[upper].noticed
    below = [
        at for at, one in enumerate(merged)
        if at != upper and one.parent is None and one.noticed.kind in MOVED
        and one.noticed.onset < whole.onset <= one.noticed.last
        and _rank(one.noticed) > _rank(whole) and _same_money(whole, one.noticed, part)
    ]  # fmt: skip
    told = sum((abs(_daily(merged[at].noticed)) for at in below), Decimal(0))
    if not below or told < decimal(SETTINGS.share_of_parent) * abs(_daily(whole)):
        return None
    return max(below, key=lambda at: abs(_daily(merged[at].noticed)))


def tells(lower: Noticed, upper: Noticed) -> bool:
    """Whether the deeper one holds most of what the upper one is about."""
    return abs(_daily(lower)) >= decimal(SETTINGS.share_of_parent) * abs(_daily(upper))


def _same_money(upper: Noticed, lower: Noticed, part: Part) -> bool:
    if upper.currency != lower.currency or _daily(upper) * _daily(lower) <= 0:
        return False
    if (upper.level, upper.name) == (lower.level, lower.name):
        return True
    a, b = scope_of(upper), scope_of(lower)
    return max(part(a, b), part(b, a)) >= decimal(SETTINGS.lies_in)


def _near(one: Noticed, other: Noticed) -> bool:
    """Began together. Of facts only those about idle money tell the same as another."""
    both = one.kind in FACTS and other.kind in FACTS
    if both and not (one.kind in IDLE and other.kind in IDLE):
        return False
    return abs((one.onset - other.onset).days) <= SETTINGS.near_days


def _overlap(one: Noticed, other: Noticed) -> bool:
    """Went on at once, where both are new levels or both are idle money."""
    alike = any(one.kind in kinds and other.kind in kinds for kinds in (MOVED, IDLE))
    return alike and one.onset <= other.last and other.onset <= one.last


def _rank(one: Noticed) -> tuple:
    """By depth; what says why before what only says that: facts, then the cost per unit. Of what is
    new the model is told, not each of its workloads."""
    why = 2 + IDLE.index(one.kind) if one.kind in IDLE else int(one.kind in FACTS)
    depth = BY_NAME[one.level].depth
    if one.kind == NEW and one.level == WORKLOAD:
        depth = BY_NAME[MODEL].depth - 1
    return depth, why, one.kind == UNIT, abs(_daily(one))


def _daily(one: Noticed) -> Decimal:
    return weight(one) / one.days


def _group(told: list[Merged], lies: Mapping[Scope, Mapping[str, str]], days: int) -> None:
    """Name the incident of series that moved the same way at once and share a name."""
    places = {scope: str(place) for place, scope in enumerate(lies)}
    meta = {place: dict(lies[scope]) for scope, place in places.items()}
    series = [one for one in told if one.noticed.kind not in FACTS and one.scope in places]
    alike = grouped([_finding(one.noticed, places[one.scope]) for one in series], meta, days)
    count = Counter(finding.group for finding in alike)
    for one, finding in zip(series, alike, strict=True):
        one.incident = finding.group if count[finding.group] > 1 else ""


def _finding(one: Noticed, series: str) -> Finding:
    """As the detectors' own grouping reads it: only names, days and direction count."""
    up = 1 if weight(one) >= 0 else -1
    return Finding(series, one.kind, one.onset, one.last, one.raised_on, "", 0, up, 0, {})
