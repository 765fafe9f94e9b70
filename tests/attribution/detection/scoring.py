"""What the flags are worth: judged by event and by day, as an outsider with the labels would.

An alarm is a run of flagged days (gaps of up to two days belong to it). It is right when it touches
an event's days, from one day before to three after; an event is found when an alarm touches it.
"""

from dataclasses import dataclass

import numpy as np

BEFORE, AFTER, GAP = 1, 3, 2


@dataclass(frozen=True)
class Score:
    events: int
    found: int
    false: int
    right: int
    years: float
    dollars: float
    dollars_found: float
    delays: tuple[int, ...]
    by_kind: dict[str, tuple[int, int]]
    false_by_kind: dict[str, int]
    day_hits: int = 0
    day_flags: int = 0
    day_labels: int = 0

    @property
    def recall(self) -> float:
        return self.found / max(self.events, 1)

    @property
    def precision(self) -> float:
        return self.found / max(self.found + self.false, 1)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    @property
    def false_per_year(self) -> float:
        return self.false / max(self.years, 1e-9)

    @property
    def dollar_recall(self) -> float:
        return self.dollars_found / max(self.dollars, 1e-9)

    @property
    def delay(self) -> float:
        return float(np.median(self.delays)) if self.delays else float("nan")

    @property
    def day_f1(self) -> float:
        return 2 * self.day_hits / max(self.day_flags + self.day_labels, 1)

    def line(self) -> str:
        return (
            f"F1 {self.f1:.3f} recall {self.recall:.3f} precision {self.precision:.3f} "
            f"false/year {self.false_per_year:.3f} dollars {self.dollar_recall:.3f} "
            f"delay {self.delay:.1f} day-F1 {self.day_f1:.3f} ({self.events} events)"
        )


def alarms(flags: np.ndarray) -> list[tuple[int, int]]:
    """Runs of flagged days of one series, (first, last)."""
    days = np.flatnonzero(flags)
    if days.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(days) > GAP + 1)
    starts = days[np.concatenate([[0], breaks + 1])]
    ends = days[np.concatenate([breaks, [days.size - 1]])]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def score(world, flags: np.ndarray, raised: np.ndarray | None = None) -> Score:
    """`flags` (series, days) of bool; `raised` the day on which each was raised (None: its own)."""
    if raised is None:
        raised = np.broadcast_to(np.arange(flags.shape[1]), flags.shape)
    by_series: dict[int, list] = {}
    for event in world.events:
        by_series.setdefault(event.at, []).append(event)
    found, false, right, delays = set(), 0, 0, []
    false_by_kind: dict[str, int] = {}
    hits = labels = 0
    for at in range(flags.shape[0]):
        events = by_series.get(at, [])
        mask = np.zeros(flags.shape[1], bool)
        for event in events:
            mask[event.start : min(event.end, event.start + 13) + 1] = True
        hits += int((mask & flags[at]).sum())
        labels += int(mask.sum())
        for first, last in alarms(flags[at]):
            touched = [e for e in events if first <= e.end + AFTER and last >= e.start - BEFORE]
            right += bool(touched)
            if not touched:
                false += 1
                kind = world.kinds[at]
                false_by_kind[kind] = false_by_kind.get(kind, 0) + 1
            for event in touched:
                if event not in found:
                    found.add(event)
                    told = raised[at, first : last + 1][flags[at, first : last + 1]].min()
                    delays.append(max(int(told) - event.start, 0))
    by_kind: dict[str, tuple[int, int]] = {}
    for event in world.events:
        seen, all_ = by_kind.get(event.kind, (0, 0))
        by_kind[event.kind] = (seen + (event in found), all_ + 1)
    return Score(
        events=len(world.events), found=len(found), false=false, right=right, years=world.years,
        dollars=sum(e.excess for e in world.events),
        dollars_found=sum(e.excess for e in found),
        delays=tuple(delays), by_kind=by_kind, false_by_kind=false_by_kind,
        day_hits=hits, day_flags=int(flags.sum()), day_labels=labels,
    )  # fmt: skip


def total(scores: list[Score]) -> Score:
    """Several scores as one."""
    by_kind: dict[str, tuple[int, int]] = {}
    false_by_kind: dict[str, int] = {}
    for one in scores:
        for kind, (seen, all_) in one.by_kind.items():
            before = by_kind.get(kind, (0, 0))
            by_kind[kind] = (before[0] + seen, before[1] + all_)
        for kind, count in one.false_by_kind.items():
            false_by_kind[kind] = false_by_kind.get(kind, 0) + count
    sums = {
        name: sum(getattr(one, name) for one in scores)
        for name in ("events", "found", "false", "right", "years", "dollars", "dollars_found",
                     "day_hits", "day_flags", "day_labels")
    }  # fmt: skip
    delays = tuple(delay for one in scores for delay in one.delays)
    return Score(**sums, delays=delays, by_kind=by_kind, false_by_kind=false_by_kind)
