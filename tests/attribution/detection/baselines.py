"""Simple rules that others use, for the table: each sees the same values at the same time."""

import numpy as np

from attribution.detectors.panel import Panel


def mean_and_sigma(panel: Panel, k: float = 3, days: int = 28) -> np.ndarray:
    """A day beyond mean + k standard deviations of the last final days."""
    flags = np.zeros(panel.cost.shape, bool)
    for day in range(days + 3, panel.cost.shape[1]):
        past = panel.cost[:, day - 2 - days : day - 2]
        with np.errstate(invalid="ignore"):
            top = past.mean(axis=1) + k * past.std(axis=1)
            flags[:, day] = panel.visible(0)[:, day] > top
    return flags


def median_ratio(panel: Panel, ratio: float = 1.5, days: int = 28) -> np.ndarray:
    """A day of more than `ratio` times the median of the last final days."""
    flags = np.zeros(panel.cost.shape, bool)
    for day in range(days + 3, panel.cost.shape[1]):
        past = np.median(panel.cost[:, day - 2 - days : day - 2], axis=1)
        flags[:, day] = panel.visible(0)[:, day] > ratio * past
    return flags


def last_week_ratio(panel: Panel, ratio: float = 1.5) -> np.ndarray:
    """A day of more than `ratio` times the same weekday of last week, and of $20 more."""
    flags = np.zeros(panel.cost.shape, bool)
    seen, last = panel.visible(0)[:, 7:], panel.cost[:, :-7]
    flags[:, 7:] = (seen > ratio * last) & (seen - last >= 20)
    return flags


BASELINES = {
    "mean + 3 sigma of 28 days": mean_and_sigma,
    "1.5 x median of 28 days": median_ratio,
    "1.5 x last week, $20": last_week_ratio,
}


def hour_mean_and_sigma(panel: Panel) -> np.ndarray:
    """An hour beyond mean + 4 standard deviations of the last week."""
    return mean_and_sigma(panel, k=4, days=168)


def last_week_hour(panel: Panel) -> np.ndarray:
    """An hour of more than twice the same hour of last week, and of $5 more."""
    flags = np.zeros(panel.cost.shape, bool)
    seen, last = panel.visible(0)[:, 168:], panel.cost[:, :-168]
    flags[:, 168:] = (seen > 2 * last) & (seen - last >= 5)
    return flags


HOURLY_BASELINES = {
    "mean + 4 sigma of a week": hour_mean_and_sigma,
    "2 x the hour a week before, $5": last_week_hour,
}
