"""The ledger as FOCUS 1.2 with the allocation columns of 1.3, for whatever reads FOCUS.

An origin charge is replaced by its parts: every summable column of the parts adds up to the
origin, all other columns repeat it. What the bill did not tell stays null; where FOCUS allows no
null (list and contracted cost) the nearest known cost stands in, and x_UnknownColumns says so.
Column rules: FOCUS 1.2, https://focus.finops.org/focus-specification/
"""

from collections.abc import Iterator
import json

from attribution.reports.base import Report, binds, each, fetch
from attribution.reports.focus_columns import ALLOCATION, FOCUS, OWN, SERVICE_CATEGORIES
from attribution.reports.spec import CHARGE_DAYS_MAX, BadSpec, Spec

# What the weights of a rule's method count.
UNITS = {
    "gpu_time": "GPU milliseconds",
    "pods": "Machine microseconds",
    "tokens": "Weighted tokens",
    "provisioned": "Unit-minutes / 100000",
    "storage": "Bytes",
    "requests": "Requests",
}


def rows(spec: Spec) -> list[dict]:
    return fetch("focus_export", _asked(spec))


def stream(spec: Spec) -> Iterator[dict]:
    return each("focus_export", _asked(spec))


def _asked(spec: Spec) -> dict:
    if not spec.long and spec.period.length_days > CHARGE_DAYS_MAX:
        raise BadSpec(
            f"focus_export writes single charges of at most {CHARGE_DAYS_MAX} days, not"
            f" {spec.period.length_days}; ask for fewer, or say that it may be long (--long,"
            " long=1)"
        )
    values = {"categories": list(SERVICE_CATEGORIES), "units": json.dumps(UNITS)}
    return binds(spec) | values


REPORT = Report(
    name="focus_export",
    title="The ledger as FOCUS 1.2",
    rows=rows,
    columns=lambda spec: (*FOCUS, *ALLOCATION, *OWN),
    filters=("source",),
    whole_company=True,
    stream=stream,
    queried=lambda spec: ("focus_export", _asked(spec)),
)
