"""From marked days to events: what continues an event joins it, what an event explains is not told
again, and the way back to normal is no news.

What the detectors saw of a series is walked in the order in which it became known; a mark, once
made, stays: what is said on a day depends on nothing that came later.
"""

from dataclasses import dataclass, field

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.windows import UNKNOWN, shifted


@dataclass(frozen=True)
class MemorySettings:
    join_z: float = setting(2.5, "usual errors with which a day continues an event")
    join_share: float = setting(0.15, "part from the expectation with which a day continues one")
    join_excess: float = setting(10, "dollars from the expectation with which a day continues one")
    join_days: float = setting(35, "days an event is continued at most")
    back_days: float = setting(120, "days within which a fall to the old level only ends a rise")
    known_days: float = setting(2, "days after an announced event that passes, still part of it")
    back_share: float = setting(0.25, "how far from the old level still is the old level")


@dataclass(frozen=True)
class HourlyMemorySettings(MemorySettings):
    join_z: float = setting(2.5, "usual errors with which an hour continues an event")
    join_share: float = setting(0.25, "part from the expectation with which an hour continues one")
    join_excess: float = setting(1, "dollars from the expectation with which an hour continues one")
    join_days: float = setting(72, "hours an event is continued at most")
    back_days: float = setting(240, "hours within which a fall to the old level only ends a rise")
    known_days: float = setting(3, "hours after an announced event that passes, still part of it")


LONG_AGO = -10_000
STAYS = ("shift", "drift")  # what began as a spike may turn out to be one of these


@dataclass(frozen=True)
class Events:
    """Events of a panel. Arrays are (series, periods): `number` counts the events of a series from
    1 (0: none), `raised` is the column of the period with whose data the mark was made (-1: none).
    `kind` is the place of the detector in the registry, by (series, number)."""

    number: np.ndarray
    raised: np.ndarray
    kind: dict[tuple[int, int], int]


@dataclass
class _Story:
    """What was told of one series: marks by day, and the columns and levels of the last rise and
    the last drop."""

    number: dict[int, int] = field(default_factory=dict)
    raised: dict[int, int] = field(default_factory=dict)
    kind: dict[int, int] = field(default_factory=dict)
    rise: int = LONG_AGO
    drop: int = LONG_AGO
    before_rise: float = 0.0
    before_drop: float = 0.0
    start: int = LONG_AGO
    rises: bool | None = None

    def beside(self, day: int) -> int:
        """The event of the day before, or of the one before that; 0 where there is none."""
        return self.number.get(day - 1) or self.number.get(day - 2) or 0

    def mark(self, day: int, number: int, now: int) -> None:
        if day not in self.number:
            self.number[day], self.raised[day] = number, now


def events_of(
    track: Track, marked: list[tuple[Detector, Marks]], settings: MemorySettings
) -> Events:
    """Walk each series of which anything was seen. `marked` in the order of the registry."""
    number = np.zeros(track.panel.cost.shape, np.int16)
    raised = np.full(track.panel.cost.shape, -1, np.int16)
    kind: dict[tuple[int, int], int] = {}
    detectors = [detector for detector, _ in marked]
    for row, seen in _seen(track, marked, settings):
        story = _Story()
        for now, place, _, day, *context in seen:
            if day in story.number:
                continue
            if place == len(detectors):
                _continue(story, now, day, bool(context[0]), settings)
            else:
                _tell(story, detectors[place], place, now, day, context, settings)
        if story.number:
            days = list(story.number)
            number[row, days] = list(story.number.values())
            raised[row, days] = list(story.raised.values())
            kind |= {(row, one): place for one, place in story.kind.items()}
    return Events(number, raised, kind)


def _seen(track: Track, marked, settings: MemorySettings):
    """Per series with an alarm, what was seen of it in the order in which it was: (now, place, age,
    day, periods back, expected, actual, since a launch). After all detectors, what only lets a day
    continue an event: (now, number of detectors, age, day, whether up, ...)."""
    open_days = ~_passing(track, settings)
    records = []
    alarmed = np.zeros(track.panel.cost.shape[0], bool)
    expected = track.expected
    known = track.panel.known
    for place, (_, marks) in enumerate(marked):
        for age, fire in marks.fires.items():
            rows, days = np.nonzero(fire & open_days)
            alarmed[rows] = True
            back = np.zeros(rows.size) if marks.since is None else marks.since[rows, days]
            launch = np.full(rows.size, -1) if known is None else known[rows, days]
            usual = UNKNOWN if track.usual is None else track.usual[rows, days]
            records.append(
                (rows, days + age, place, age, days, back, expected[rows, days],
                 track.actual(age)[rows, days], launch, usual)
            )  # fmt: skip
    for age, up, fire in _continuing(track, settings):
        rows, days = np.nonzero(fire & open_days & alarmed[:, None])
        up_ = np.full(rows.size, up)
        records.append((rows, days + age, len(marked), age, days, up_, 0, 0, 0, UNKNOWN))
    if not records:
        return
    columns = [
        np.concatenate([np.broadcast_to(one[k], one[0].shape) for one in records])
        for k in range(10)
    ]
    within = columns[1] < track.panel.cost.shape[1]
    columns = [column[within] for column in columns]
    order = np.lexsort((columns[4], columns[3], columns[2], columns[1], columns[0]))
    rows = columns[0][order]
    if rows.size == 0:
        return
    lists = list(zip(*(column[order].tolist() for column in columns[1:]), strict=True))
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    for begin, end in zip(starts, np.append(starts[1:], rows.size), strict=True):
        yield int(rows[begin]), lists[begin:end]


def _passing(track: Track, settings: MemorySettings) -> np.ndarray:
    """Where an announced event that passes is going on or just over."""
    if track.panel.in_known is None:
        return np.zeros(track.panel.cost.shape, bool)
    within = track.panel.in_known.copy()
    for back in range(1, int(settings.known_days) + 1):
        within |= shifted(track.panel.in_known, back)
    return within


def _continuing(track: Track, settings: MemorySettings):
    """Per age, what lets a day continue a rise (True) or, when final, a drop (False)."""
    for age in track.ages:
        apart = track.actual(age) - track.expected
        z = track.z(age, track.expected_log)
        gate = np.maximum(settings.join_share * track.expected, settings.join_excess)
        yield age, True, (z >= settings.join_z) & (apart >= gate)
        if age == track.ages[-1]:
            yield age, False, (z <= -settings.join_z) & (-apart >= 2 * gate)


def _continue(story: _Story, now: int, day: int, up: bool, settings: MemorySettings) -> None:
    beside = story.beside(day)
    if beside and story.rises is up and 0 <= day - story.start <= settings.join_days:
        story.mark(day, beside, now)


def _tell(story, detector, place, now, day, context, settings) -> None:
    """Mark a day: as part of the event beside it, as a new event, or not."""
    back, expected, actual, launch, usual = context
    beside = story.beside(day) if story.rises is detector.rises else 0
    if beside and day - story.start <= 2 * settings.join_days:
        story.mark(day, beside, now)
        if detector.name in STAYS:
            story.kind[beside] = place
        return
    if not _is_news(story, detector, day, actual, launch, usual, settings):
        return
    number = len(story.kind) + 1
    story.kind[number] = place
    for one in range(max(day - int(back), 0), day + 1):
        story.mark(one, number, now)
    story.start, story.rises = day, detector.rises
    if detector.rises:
        story.rise, story.before_rise = day, expected
    else:
        story.drop, story.before_drop = day, expected


def _is_news(story, detector, day, actual, launch, usual, settings) -> bool:
    if day - story.rise < detector.quiet_after_rise:
        return False
    if day - story.drop < detector.quiet_after_drop:
        return False
    if 0 <= launch < detector.quiet_after_known:
        return False
    if detector.rises:
        before = usual if usual == usual else story.before_drop
        recent = day - story.drop <= settings.back_days
        return not (recent and actual <= before * (1 + settings.back_share))
    before = usual if usual == usual else story.before_rise
    recent = day - story.rise <= settings.back_days
    return not (recent and actual >= before * (1 - settings.back_share))
