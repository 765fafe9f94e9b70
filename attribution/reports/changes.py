"""Which steps of a question may answer otherwise than they did at some time, for whoever reads
again only what changed.

Figures of a day change when the day is published anew (a delivery, telemetry, a rule) or estimated
anew. What has no day of its own (names and what stands above them, rates, prices, closes, revenue
and other business rows) may change any: then all steps are named. To read a step too often does no
harm, since it is replaced whole.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from attribution.reports.base import Report, fetch
from attribution.reports.compare import step_of
from attribution.reports.spec import SPREAD, BadSpec, Spec

PERIOD = "period"
# A publication is dated when it begins and seen when it is committed.
OVERLAP = timedelta(minutes=15)


def is_incremental(report: Report, spec: Spec) -> bool:
    """Whether its rows say which step they are of."""
    return PERIOD in report.columns(spec)


def changed_steps(report: Report, spec: Spec, since: datetime) -> tuple[date, ...]:
    """The first days of the steps that may have changed, as column `period` names them. Raises
    BadSpec for a report whose rows name none."""
    if not is_incremental(report, spec):
        raise BadSpec(f"the report {report.name} has no column period: read it whole")
    binds = {
        "start": spec.period.start,
        "end": spec.period.end,
        "since": since - OVERLAP,
        "months": SPREAD in (spec.idle, spec.shared),
    }
    [whole] = fetch("changes_whole", binds)
    days: Iterable[date] = (row["day"] for row in fetch("changes_days", binds))
    if whole["changed"] or spec.against is not None:
        days = spec.period.days()
    return tuple(sorted({step_of(day, spec.granularity, spec.period.start) for day in days}))


def steps_told(spec: Spec, changed: Iterable[date], standing: Collection[date]) -> tuple[date, ...]:
    """What whoever asks is told of the changed steps; `standing` are those with rows of theirs.
    Who sees only some teams must not learn on which days the money of others changed: a step on
    which nothing of theirs stands (any more) is named whether it changed or not."""
    if spec.asker.teams is None:
        return tuple(changed)
    every = {step_of(day, spec.granularity, spec.period.start) for day in spec.period.days()}
    return tuple(sorted((set(changed) & set(standing)) | (every - set(standing))))
