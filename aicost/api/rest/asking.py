"""The parameters of a question to any report, as attribution.reports.question reads them."""

from aicost.api.rest.given import DAY, FLAG, TIME, Param
from attribution.reports import REPORTS
from attribution.reports.spec import ANY_TAG, BASES, ESTIMATE_OPTIONS, GRANULARITIES, POOL_OPTIONS

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
