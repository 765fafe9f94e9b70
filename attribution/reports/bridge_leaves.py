"""The leaves of report bridge: their names, the quantities behind their money, their effects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
import json

from aicost.kernel.periods import Period
from aicost.kernel.targets import LEVELS
from attribution.drivers import Leaf, Side, effects
from attribution.once import kept
from attribution.reports.base import binds, fetch
from attribution.reports.spec import LEFT_OUT, Spec

LEAF = ("feature", "model", "experiment", "activity")
CALLS, GPU_HOURS = "requests", "gpu_hours"
UNITS = {"inference": CALLS, "training": GPU_HOURS, "experimentation": GPU_HOURS}
# The experiment, else the model, of what is new or gone; '' of all that was and is.
BEGUN_OR_ENDED = "begun_or_ended"
CREDIT = "Credit"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A leaf, or leaves summed, under its names, with the ledger's kind, its currency, both its
    sides and its effects."""

    names: dict[str, str]
    kind: str
    currency: str
    before: Side
    after: Side
    effects: dict[str, Decimal]


@dataclass(frozen=True)
class Measured:
    """(step, feature, model, experiment) -> its calls, (…, activity) -> its GPU milliseconds."""

    calls: Mapping[tuple, Mapping]
    gpu_ms: Mapping[tuple, int]

    def leaves(self) -> list[Key]:
        """The names of LEAF that have a quantity in any step."""
        called = {(*key[1:], "inference") for key in self.calls}
        return sorted(called | {key[1:] for key in self.gpu_ms})

    def side(self, when: date, leaf: Key, cost: Decimal) -> Side:
        """What a workload cost, with the quantity that its activity is measured in."""
        unit = UNITS.get(leaf[3])
        if unit == CALLS and (calls := self.calls.get((when, *leaf[:3]))):
            return Side(cost, calls["requests"], calls["tokens"])
        if unit == GPU_HOURS:
            return Side(cost, self.gpu_ms.get((when, *leaf)))
        return Side(cost)


def measured(spec: Spec) -> Measured:
    """The quantities of all leaves that the asker may see, by the steps of the question."""
    spec = replace(spec, group_by=LEAF, filters={})
    key = ("bridge measured", spec.period, spec.granularity, spec.asker)
    return kept(key, lambda: _measured(spec))


def _measured(spec: Spec) -> Measured:
    usage = binds(replace(spec, group_by=LEAF[:3]))
    usage |= {"infers": True, "by_source": False, "latency": False}
    calls = {(row["period"], *_named(row, LEAF[:3])): row
             for row in fetch("unit_cost_usage", usage)}  # fmt: skip
    worked = {(row["period"], *_named(row, LEAF)): row["gpu_ms"]
              for row in fetch("bridge_gpu_time", binds(spec))}  # fmt: skip
    return Measured(calls, worked)


def _named(row: Mapping, names: Key) -> Key:
    return tuple(row[name] or "" for name in names)


def credited(spec: Spec) -> bool:
    """Whether anything was credited to anybody; few sums, without names, tell."""
    [row] = fetch("bridge_credited", {"start": spec.period.start, "end": spec.period.end})
    return row["credited"]


def decomposed(leaves: list[tuple[Key, str, str, Leaf]], days: tuple[int, int]) -> Iterator[Placed]:
    """(names of LEAF, kind, currency, leaf) with their effects."""
    parts = effects([leaf for *_, leaf in leaves], days)
    for (key, kind, currency, leaf), found in zip(leaves, parts, strict=True):
        names = dict(zip(LEAF, key, strict=True))
        turns = leaf.status in ("new", "gone")
        names[BEGUN_OR_ENDED] = names["experiment"] or names["model"] if turns else ""
        yield Placed(names, kind, currency, leaf.before, leaf.after, found)


def chained(
    spec: Spec, first: Period, steps: list[Period]
) -> Iterator[tuple[Period, Period, list[Placed]]]:
    """Each step and the one before it with its leaves, those without a quantity summed over all
    names that the question does not ask for; `first` is the step before them all."""
    asked = replace(spec, period=Period(first.start, steps[-1].end), estimates=LEFT_OUT)
    known, spans = measured(asked), [first, *steps]
    values = binds(replace(asked, group_by=LEAF, filters={})) | {
        "steps": [span.start for span in spans],
        "lengths": [span.length_days for span in spans],
        "turns": BEGUN_OR_ENDED in spec.group_by,
        "groups": [LEVELS.get(name, name) for name in (*spec.group_by, *spec.filters)],
        "credits": credited(asked),
        "leaves": json.dumps(known.leaves()),
    }
    found: dict[int, list[dict]] = {}
    for row in fetch("bridge_steps", values):
        found.setdefault(row["nth"], []).append(row)
    for nth, (before, now) in enumerate(zip(spans, steps, strict=False), 2):
        yield now, before, _of_step(found.get(nth, []), known, before, now)


def _of_step(rows: list[dict], known: Measured, before: Period, now: Period) -> list[Placed]:
    placed, leaves = [], []
    for row in rows:
        if row["measured"]:
            key = _named(row, LEAF)
            # Calls of a step without money of theirs have nothing to explain.
            old = known.side(before.start, key, row["previous"]) if row["was"] else Side()
            new = known.side(now.start, key, row["cost"]) if row["stands"] else Side()
            group = (row["feature"], UNITS.get(row["activity"], ""), row["currency"])
            leaf = Leaf(group, old, new)
            leaves.append((key, row["kind"], row["currency"], leaf))
        else:
            names = {name: row[name] for name in LEAF}
            turns = row["effect"] in ("new", "gone")
            names[BEGUN_OR_ENDED] = names["experiment"] or names["model"] if turns else ""
            more = row["cost"] - row["previous"] - row["days"]
            parts = {"days": row["days"], row["effect"]: more}
            sides = (Side(row["previous"]), Side(row["cost"]))
            placed.append(Placed(names, row["kind"], row["currency"], *sides, parts))
    return [*placed, *decomposed(leaves, (before.length_days, now.length_days))]
