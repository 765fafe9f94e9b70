"""What each rule holds, and its series: read from single charges, as all questions by rule are."""

from attribution.reports.base import Report, binds, fetch
from attribution.reports.spec import CHARGE_DAYS_MAX, BadSpec, Spec

SERIES_MAX = 1000
CLAIMS = (
    "rule", "currency", "series", "charges", "cost", "measured_cost", "tagged_cost",
    "inferred_cost", "fallback_cost",
)  # fmt: skip
SERIES = (
    "rule", "service", "account", "resource", "name", "sku_meter", "charge_category", "tags",
    "currency", "cost", "days", "first_day", "last_day",
)  # fmt: skip


def claim_rows(spec: Spec) -> list[dict]:
    """One row a rule (all its versions) and currency, the dearest first."""
    _check_length(spec)
    return fetch("rule_claims", binds(spec))


def series_rows(spec: Spec) -> list[dict]:
    """At most `SERIES_MAX` series, the dearest first."""
    _check_length(spec)
    return fetch("rule_series", binds(spec) | {"limit": SERIES_MAX})


def _check_length(spec: Spec) -> None:
    if not spec.long and spec.period.length_days > CHARGE_DAYS_MAX:
        raise BadSpec(
            f"what rules hold is asked of single charges, at most {CHARGE_DAYS_MAX} days of them, "
            f"not {spec.period.length_days}; ask for fewer, or say that it may be long "
            "(--long, or long=1 in an address)"
        )


REPORTS = (
    Report(
        "rule_claims",
        "What each rule holds",
        claim_rows,
        lambda spec: CLAIMS,
        filters=("rule",),
        whole_company=True,
    ),
    Report(
        "rule_series",
        "Series of a rule",
        series_rows,
        lambda spec: SERIES,
        filters=("rule",),
        whole_company=True,
    ),
)
