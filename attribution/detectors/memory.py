"""From marked days to events: what continues an event joins it, what an event explains is not told
again, and the way back to normal is no news.

The days are walked in the order in which they became known, all series at once; a mark, once made,
stays: what is said on a day depends on nothing that came later.
"""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import Detector, Marks, setting
from attribution.detectors.windows import shifted


@dataclass(frozen=True)
class MemorySettings:
    join_z: float = setting(2.5, "usual errors with which a day continues an event")
    join_share: float = setting(0.15, "part from the expectation with which a day continues one")
    join_excess: float = setting(10, "dollars from the expectation with which a day continues one")
    join_days: float = setting(35, "days an event is continued at most")
    back_days: float = setting(120, "days within which a fall to the old level only ends a rise")
    known_days: float = setting(2, "days after an announced event that passes, still part of it")
    back_share: float = setting(0.25, "how far from the old level still is the old level")


@dataclass
class Events:
    """Events of a panel while they are found. Arrays are (periods, series): `number` counts the
    events of a series from 1 (0: none), `raised` is the column of the period with whose data the
    mark was made, `kind` the place of the detector in the registry."""

    number: np.ndarray
    raised: np.ndarray
    kind: dict[tuple[int, int], int]
    rises: dict[tuple[int, int], bool]
    count: np.ndarray

    @classmethod
    def none(cls, periods: int, series: int) -> "Events":
        number = np.zeros((periods, series), np.int16)
        return cls(number, np.full((periods, series), -1, np.int16), {}, {}, np.zeros(series, int))


@dataclass
class _Told:
    """What each series was told last: columns (or long ago) and the level before it."""

    rise: np.ndarray
    drop: np.ndarray
    before_rise: np.ndarray
    before_drop: np.ndarray
    start: np.ndarray
    way: np.ndarray  # of the last event: +1 a rise, -1 a drop, 0 none


LONG_AGO = -10_000


def events_of(
    track: Track, marked: list[tuple[Detector, Marks]], settings: MemorySettings
) -> Events:
    """Walk the days. `marked` in the order of the registry."""
    series, periods = track.panel.cost.shape
    events = Events.none(periods, series)
    told = _Told(
        *(np.full(series, LONG_AGO) for _ in range(2)),
        *(np.zeros(series, np.float32) for _ in range(2)),
        np.full(series, LONG_AGO),
        np.zeros(series, np.int8),
    )
    fires = [
        (place, age, np.ascontiguousarray(fire.T), marks.since)
        for place, (_, marks) in enumerate(marked)
        for age, fire in marks.fires.items()
    ]
    busy = [np.flatnonzero(fire.any(axis=1)) for _, _, fire, _ in fires]
    busy = [set(one.tolist()) for one in busy]
    joins = _joining(track, settings)
    expected = np.ascontiguousarray(track.expected.T)
    actual = {age: np.ascontiguousarray(track.actual(age).T) for age in track.ages}
    known = None if track.panel.known is None else np.ascontiguousarray(track.panel.known.T)
    passing = _passing(track, settings)
    for now in range(periods):
        for (place, age, fire, since), days in zip(fires, busy, strict=True):
            day = now - age
            if day in days:
                detector = marked[place][0]
                chosen = np.flatnonzero(fire[day] & (events.number[day] == 0) & ~passing[day])
                context = (expected[day], actual.get(age, actual[track.ages[0]])[day],
                           None if known is None else known[day])  # fmt: skip
                _tell(events, told, detector, place, chosen, day, now, since, context, settings)
        for age, way, join in joins:
            if now >= age:
                _join(
                    events,
                    told,
                    way,
                    join[now - age] & ~passing[now - age],
                    now - age,
                    now,
                    settings,
                )
    return events


def _passing(track: Track, settings: MemorySettings) -> np.ndarray:
    """(periods, series): an announced event that passes is going on or just over."""
    if track.panel.in_known is None:
        return np.zeros(track.panel.cost.T.shape, bool)
    within = track.panel.in_known.copy()
    for back in range(1, int(settings.known_days) + 1):
        within |= shifted(track.panel.in_known, back)
    return np.ascontiguousarray(within.T)


def _joining(track: Track, settings: MemorySettings) -> list[tuple[int, int, np.ndarray]]:
    """Per age, what lets a day continue a rise (+1) or, when final, a drop (-1)."""
    joins = []
    for age in track.ages:
        apart = track.actual(age) - track.expected
        z = track.z(age, track.expected_log)
        gate = np.maximum(settings.join_share * track.expected, settings.join_excess)
        up = (z >= settings.join_z) & (apart >= gate)
        joins.append((age, 1, np.ascontiguousarray(up.T)))
        if age == track.ages[-1]:
            down = (z <= -settings.join_z) & (-apart >= 2 * gate)
            joins.append((age, -1, np.ascontiguousarray(down.T)))
    return joins


def _beside(events: Events, day: int, chosen: np.ndarray) -> np.ndarray:
    """The number of the event of the day before or the one before that; 0 where there is none."""
    beside = events.number[day - 1, chosen] if day >= 1 else np.zeros(chosen.size, np.int16)
    if day >= 2:
        beside = np.where(beside > 0, beside, events.number[day - 2, chosen])
    return beside


def _join(events, told, way, join, day, now, settings) -> None:
    chosen = np.flatnonzero(
        join & (events.number[day] == 0) & (told.way == way)
        & (day - told.start <= settings.join_days) & (day >= told.start)
    )  # fmt: skip
    if chosen.size == 0:
        return
    beside = _beside(events, day, chosen)
    chosen, beside = chosen[beside > 0], beside[beside > 0]
    events.number[day, chosen] = beside
    events.raised[day, chosen] = now


def _tell(events, told, detector, place, chosen, day, now, since, context, settings) -> None:
    """Mark the chosen series on a day: as part of the event beside it, as a new event, or not."""
    if chosen.size == 0:
        return
    way = 1 if detector.rises else -1
    beside = np.where(told.way[chosen] == way, _beside(events, day, chosen), 0)
    going_on = (beside > 0) & (day - told.start[chosen] <= 2 * settings.join_days)
    for one, number in zip(chosen[going_on], beside[going_on], strict=True):
        events.number[day, one], events.raised[day, one] = number, now
        if detector.name in ("shift", "drift"):
            # what began as a spike turned out to stay
            events.kind[one, int(number)] = place
    fresh = chosen[~going_on]
    fresh = fresh[_is_news(told, detector, fresh, day, context, settings)]
    for one in fresh:
        events.count[one] += 1
        number = int(events.count[one])
        back = 0 if since is None else int(since[one, day])
        begin = max(day - back, 0)
        marks = slice(begin, day + 1)
        free = events.number[marks, one] == 0
        events.raised[marks, one][free] = now
        events.number[marks, one][free] = number
        events.kind[one, number], events.rises[one, number] = place, detector.rises
        told.start[one], told.way[one] = day, way
        if detector.rises:
            told.rise[one], told.before_rise[one] = day, context[0][one]
        else:
            told.drop[one], told.before_drop[one] = day, context[0][one]


def _is_news(told, detector, fresh, day, context, settings) -> np.ndarray:
    expected, actual, known = context
    news = day - told.rise[fresh] >= detector.quiet_after_rise
    news &= day - told.drop[fresh] >= detector.quiet_after_drop
    if known is not None and detector.quiet_after_known:
        news &= (known[fresh] < 0) | (known[fresh] >= detector.quiet_after_known)
    if detector.rises:
        recent = day - told.drop[fresh] <= settings.back_days
        back = actual[fresh] <= told.before_drop[fresh] * (1 + settings.back_share)
    else:
        recent = day - told.rise[fresh] <= settings.back_days
        back = actual[fresh] >= told.before_rise[fresh] * (1 - settings.back_share)
    return news & ~(recent & back)
