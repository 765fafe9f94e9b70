"""The question of a query string, for every report: what can be asked, read into a Spec."""

from collections.abc import Mapping
from datetime import date

from aicost.api.rest.given import DAY, FLAG, TIME, Param, day_of, period_of
from aicost.kernel.periods import Period
from attribution.reports import REPORTS
from attribution.reports.spec import (
    ANY_TAG,
    BASES,
    ESTIMATE_OPTIONS,
    GRANULARITIES,
    POOL_OPTIONS,
    Asker,
    BadSpec,
    Spec,
)

FROM = Param("from", "The first day, UTC.", DAY, required=True, example="2026-09-01")
TO = Param("to", "The first day no longer included.", DAY, required=True, example="2026-10-01")
BASIS = Param("basis", "Which cost.", choices=BASES, default="effective")
IDLE = Param("idle", "Idle on a line of its own, or spread.", choices=POOL_OPTIONS, default="shown")
SHARED = Param("shared", "Shared cost on a line of its own, or spread.", choices=POOL_OPTIONS,
               default="shown")  # fmt: skip
LONG = Param("long", "1: single charges of more than 31 days.", FLAG)
QUESTION = (
    FROM,
    TO,
    Param("granularity", "One row for the whole period, or one a step.", choices=GRANULARITIES,
          default="total"),
    Param("group_by", "Dimensions, with commas between.", listed=True, example="feature,model"),
    BASIS,
    IDLE,
    SHARED,
    Param("estimates", "What the bill does not say yet, in a column of its own.",
          choices=ESTIMATE_OPTIONS, default="shown"),
    Param("in_currency", "By the rate of each charge's month; else as billed.", example="EUR"),
    Param("against", "The other period of a report of two, FROM:TO, TO excluded.",
          example="2026-08-01:2026-09-01"),
    Param("by_rules", "1: such a report tells changed rules apart.", FLAG),
    LONG,
    Param("updated_since", "Only steps that may have changed since; `tombstones` names them.",
          TIME, example="2026-09-03T04:00:00Z"),
)  # fmt: skip
FILTERS = tuple(
    dict.fromkeys(name for report in REPORTS.values() for name in report.filters if name != ANY_TAG)
)


def spec_of(report: str, given: Mapping, asker: Asker) -> Spec:
    """Raises BadSpec."""
    return Spec(
        report=report,
        period=period_of(given),
        asker=asker,
        granularity=given["granularity"],
        group_by=given["group_by"],
        filters=given["filters"],
        basis=given["basis"],
        idle=given["idle"],
        shared=given["shared"],
        long=given["long"],
        estimates=given["estimates"],
        in_currency=given["in_currency"] or "",
        against=_against(given["against"]),
        by_rules=given["by_rules"],
    )


def _against(text: str | None) -> Period | None:
    if not text:
        return None
    start, colon, end = text.partition(":")
    first, last = day_of("against", start), day_of("against", end) if colon else date.min
    if last <= first:
        raise BadSpec("against is no period: write FROM:TO, two days, TO excluded")
    return Period(first, last)
