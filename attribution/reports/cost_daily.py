"""Cost of each day with every dimension of the rollup beside each other, in both bases; the rows
that daily files hold (docs/files.md). What is still expected of open days is not in it."""

from collections.abc import Iterator

from attribution.reports.base import Report, binds, each, fetch
from attribution.reports.spec import CHARGE_DAYS_MAX, BadSpec, Spec

COLUMNS = (
    "day", "billing_period", "source", "account", "service", "region", "charge_category", "kind",
    "state", "activity", "workload", "model", "feature", "experiment", "team", "environment",
    "layer", "evidence", "currency", "billed_cost", "effective_cost", "list_cost",
    "contracted_cost",
)  # fmt: skip


def rows(spec: Spec) -> list[dict]:
    _refuse_long(spec)
    return fetch("cost_daily", binds(spec))


def stream(spec: Spec) -> Iterator[dict]:
    _refuse_long(spec)
    return each("cost_daily", binds(spec))


def _refuse_long(spec: Spec) -> None:
    if not spec.long and spec.period.length_days > CHARGE_DAYS_MAX:
        raise BadSpec(
            f"cost_daily writes at most {CHARGE_DAYS_MAX} days, not {spec.period.length_days}; "
            "ask for fewer, or say that it may be long (--long, or long=1 in an address)"
        )


REPORT = Report(
    name="cost_daily",
    title="Cost of each day, every dimension",
    rows=rows,
    columns=lambda spec: COLUMNS,
    filters=("source",),
    stream=stream,
)
