"""DETECTORS: what watches the ledger. Pure: numpy, no Django.

To add one: a module with a settings dataclass, `run` and DETECTOR; a line here; a line in
docs/anomalies.md; a test. An earlier one names a day that several would mark.
"""

from attribution.detectors import (
    burst,
    drift,
    drop,
    hourly_unit_cost,
    irregular,
    new,
    outage,
    rolling,
    shift,
    spike,
    unit_cost,
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
)
