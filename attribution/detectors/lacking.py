"""What cannot be judged yet, and why: "not enough data" is an answer."""

from collections import Counter

import numpy as np

from attribution.detectors import DETECTORS
from attribution.detectors.baseline import BaselineSettings
from attribution.detectors.findings import NotEnough, settings_at
from attribution.detectors.hourly import HourlySettings
from attribution.detectors.panel import Panel, has_usage


def lacking(panel: Panel, sensitivity: str = "medium") -> list[NotEnough]:
    """For each detector the series that it cannot judge at the end of the panel."""
    known = (~np.isnan(panel.cost)).sum(axis=1)
    used = has_usage(panel)
    answers = []
    for detector in DETECTORS:
        if detector.reads != "series" or ("h" if panel.hourly else "d") not in detector.frequencies:
            continue
        needed = _needed(panel, detector, sensitivity)
        for name, periods, with_usage in zip(panel.series, known, used, strict=True):
            reason = ""
            if periods == 0:
                reason = "no cost is known"
            elif periods < needed:
                unit = "hours" if panel.hourly else "days"
                reason = f"{periods} {unit} of history; {needed} are needed"
            elif detector.needs_usage and not with_usage:
                reason = "no usage is known"
            if reason:
                answers.append(NotEnough(name, detector.name, reason))
    return answers


def _needed(panel: Panel, detector, sensitivity: str) -> int:
    """Periods of history without which a detector says nothing; a new resource needs none."""
    if detector.name == "new":
        return 1
    own = getattr(settings_at(detector.settings, sensitivity), "history", 0)
    if panel.hourly:
        # one sure hour needs more, two of three do not
        own = 0 if detector.name == "burst" else own
        return int(max(own, settings_at(HourlySettings, sensitivity).warm_hours))
    return int(max(own, settings_at(BaselineSettings, sensitivity).warm_days))


def in_words(answers: list[NotEnough]) -> list[str]:
    """One line for each detector and kind of reason, with how many series."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in answers:
        counts[one.detector, one.reason.rpartition("; ")[2]] += 1
    return [
        f"not enough data for {detector} in {count} series: {reason}"
        for (detector, reason), count in counts.items()
    ]
