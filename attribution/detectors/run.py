"""Run the detectors over a panel: which periods belong to an event, what was expected, a score."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
import multiprocessing
import os

import numpy as np

from attribution.detectors import DETECTORS
from attribution.detectors.baseline import BaselineSettings, Track, track_of
from attribution.detectors.findings import SHARP, Detector, Dulled, Marks, settings_at
from attribution.detectors.hourly import HourlySettings, hourly_track_of
from attribution.detectors.memory import HourlyMemorySettings, MemorySettings, events_of
from attribution.detectors.panel import Panel
from attribution.detectors.spike import SpikeSettings

CHUNK = 64  # series at once: their windows stay in the cache of a core
PROCESSES_FROM = 1_000  # series below which starting processes costs more than it saves


@dataclass(frozen=True)
class Judgement:
    """Of a panel, per series and period: the number of the event it belongs to (0: none), the
    column of the period whose data raised it (-1), what was expected, and a score: about 1 where
    an alarm begins. `kinds` names the detector of each event, by series and number."""

    number: np.ndarray
    raised: np.ndarray
    expected: np.ndarray
    score: np.ndarray
    kinds: dict[tuple[int, int], str]


def judge(panel: Panel, sensitivity: str = "medium", processes: int | None = None) -> Judgement:
    """All series of a panel, in so many processes (None: one a core, for many series). Raises
    ValueError for a sensitivity there is not."""
    settings_at(BaselineSettings, sensitivity)
    count = len(panel.series)
    if processes is None:
        processes = os.cpu_count() or 1 if count >= PROCESSES_FROM else 1
    answers = list(_parts(panel, sensitivity, processes))
    kinds = {
        (begin + one, number): kind
        for begin, (*_, part) in zip(range(0, count, CHUNK), answers, strict=True)
        for (one, number), kind in part.items()
    }
    return Judgement(*(np.concatenate([one[k] for one in answers]) for k in range(4)), kinds)


def _parts(panel: Panel, sensitivity: str, processes: int) -> Iterator[tuple]:
    begins = range(0, len(panel.series), CHUNK)
    if processes == 1:
        yield from (judge_part(panel.rows(b, b + CHUNK), sensitivity) for b in begins)
        return
    # forked, the panel is shared; only answers travel
    _shared["panel"], _shared["sensitivity"] = panel, sensitivity
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            yield from pool.map(_judge_shared, begins, chunksize=8)
    finally:
        _shared.clear()


_shared: dict = {}


def _judge_shared(begin: int) -> tuple:
    return judge_part(_shared["panel"].rows(begin, begin + CHUNK), _shared["sensitivity"])


def judge_part(
    panel: Panel,
    sensitivity: str,
    detectors: tuple[Detector, ...] = DETECTORS,
    dulled: Dulled = SHARP,
) -> tuple:
    """Number, raised, expected, score and kinds of some series."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        freq = "h" if panel.hourly else "d"
        if panel.hourly:
            track = hourly_track_of(panel, settings_at(HourlySettings, sensitivity))
        else:
            track = track_of(panel, settings_at(BaselineSettings, sensitivity))
        marked = [
            (one, marks_of(one, track, sensitivity, dulled))
            for one in detectors
            if one.reads == "series" and freq in one.frequencies
        ]
        memory = HourlyMemorySettings if panel.hourly else MemorySettings
        events = events_of(track, marked, settings_at(memory, sensitivity))
        score = score_of(track, settings_at(SpikeSettings, sensitivity))
        score = np.where(events.number > 0, np.maximum(score, 1), score)
    kinds = {key: marked[place][0].name for key, place in events.kind.items()}
    return events.number, events.raised, track.expected, score, kinds


def marks_of(detector: Detector, track: Track, sensitivity: str, dulled: Dulled = SHARP) -> Marks:
    """What a detector marks, run on the series it concerns only."""
    settings = dulled.settings(settings_at(detector.settings, sensitivity))
    if detector.concerns is None:
        return detector.run(track, settings)
    rows = np.flatnonzero(detector.concerns(track))
    if rows.size == 0:
        return Marks({})
    marks = detector.run(track.only(rows), settings)

    def back(values):
        whole = np.zeros((len(track.panel.series), values.shape[1]), values.dtype)
        whole[rows] = values
        return whole

    fires = {age: back(fire) for age, fire in marks.fires.items()}
    return Marks(fires, None if marks.since is None else back(marks.since))


def score_of(track: Track, gates: SpikeSettings) -> np.ndarray:
    """How far a day, at its first look, is on the way to all three gates of a spike, up or down:
    the least of the three."""
    expected = track.expected
    apart = np.abs(track.actual(0) - expected)
    z = np.abs(track.z(0)) / (np.float32(gates.z) * track.tail)
    share = apart / np.maximum(expected * np.float32(gates.share), 1)
    least = np.minimum(np.minimum(z, share), apart / np.float32(gates.excess))
    return np.nan_to_num(least).astype(np.float32)
