"""Something that did not exist a week ago already costs real money."""

from dataclasses import dataclass

import numpy as np

from attribution.detectors.baseline import Track
from attribution.detectors.findings import DOLLARS, Detector, Marks, setting
from attribution.detectors.windows import shifted


@dataclass(frozen=True)
class NewSettings:
    daily: float = setting(
        25, "dollars per day on average since it began", low=50, high=15, of=DOLLARS
    )
    days: float = setting(7, "days within which it is new")
    before: float = setting(14, "days that the data must reach back before it")


def run(track: Track, settings: NewSettings) -> Marks:
    """The mean since the first day with a cost, over at most a week."""
    return Marks({0: new_at(track.panel, settings)})


def new_at(panel, settings: NewSettings) -> np.ndarray:
    seen = np.nan_to_num(np.maximum(panel.visible(0), 0))
    on = np.cumsum(seen > 0, axis=1) > 0
    age = np.cumsum(on, axis=1)
    start = np.argmax(on, axis=1)
    total = np.cumsum(seen, axis=1)
    day = 24 if panel.hourly else 1
    days = np.maximum(-(-age // day), 1)
    fires = (age >= 1) & (age <= settings.days * day) & (total >= settings.daily * days)
    fires &= ((start >= settings.before * day) & on.any(axis=1))[:, None]
    # told once: the first day on which it is dear enough, and its days until then
    return fires & ~shifted(np.cumsum(fires, axis=1) > 0, 1)


DETECTOR = Detector(
    "new",
    "Something new that already costs real money",
    "series",
    NewSettings,
    run,
    frequencies=("d", "h"),
    quiet_after_known=14,
)
