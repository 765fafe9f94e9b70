"""DETECTORS: what watches the ledger. Pure: numpy, no Django.

To add one: a module with a settings dataclass, `run` and DETECTOR; a line here; a line in
docs/anomalies.md; a test. An earlier one names a day that several would mark.
"""

from attribution.detectors import (
    bill_changed,
    burst,
    calls,
    drift,
    drop,
    estimate_drift,
    forgotten,
    hourly_unit_cost,
    idle,
    irregular,
    negative_margin,
    new,
    outage,
    quality_lag,
    rolling,
    shift,
    silence,
    spike,
    stalled,
    storage_growth,
    unit_cost,
    untagged,
)
from attribution.detectors.findings import Detector

DETECTORS: tuple[Detector, ...] = (
    new.DETECTOR,
    spike.DETECTOR,
    shift.DETECTOR,
    unit_cost.DETECTOR,
    irregular.DETECTOR,
    drift.DETECTOR,
    drop.DETECTOR,
    burst.DETECTOR,
    hourly_unit_cost.DETECTOR,
    rolling.DETECTOR,
    outage.DETECTOR,
    idle.IDLE_GPU,
    idle.WEEKEND,
    negative_margin.DETECTOR,
    quality_lag.QUALITY_LAG,
    quality_lag.CHEAPER,
    untagged.DETECTOR,
    silence.SILENCE,
    silence.SOURCE_SILENCE,
    estimate_drift.DETECTOR,
    calls.UNMETERED,
    calls.RETRY_STORM,
    calls.LONGER_INPUT,
    forgotten.FORGOTTEN,
    forgotten.UNCALLED,
    storage_growth.DETECTOR,
    stalled.OVER_BUDGET,
    stalled.STALLED,
    bill_changed.RESTATED,
    bill_changed.CORRECTED,
)
