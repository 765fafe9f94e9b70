"""What lies in storage, how old it is and how long nobody read it: the newest snapshots."""

from attribution.reports.base import Report, binds, fetch
from attribution.reports.spec import Spec

COLUMNS = (
    "source",
    "provider",
    "bucket",
    "prefix",
    "storage_class",
    "version",
    "day",
    "age_days_min",
    "idle_days_min",
    "objects",
    "bytes",
    "currency",
    "cost",
)


def rows(spec: Spec) -> list[dict]:
    return fetch("storage", binds(spec))


REPORT = Report(
    "storage",
    "Storage by age and last access",
    rows,
    lambda spec: COLUMNS,
    filters=("source",),
    whole_company=True,
)
