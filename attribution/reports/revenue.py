"""Revenue per feature, bundles split by the rules of finance (docs/finance.md)."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import month_start, next_month
from attribution.finance.bundles import SHARES, shares_of, split_revenue
from attribution.finance.editions import Editions, editions
from attribution.reports.base import binds, fetch
from attribution.reports.compare import step_of
from attribution.reports.spec import Spec

Weights = Mapping[tuple[str, date], Mapping[str, int]]


def revenue_rows(spec: Spec, splits: Editions | None = None) -> list[dict]:
    """{period, feature, currency, revenue}. What a rule splits stands on its features, exactly and
    day by day, so that any periods add up; what nothing weighs in its month stays on the product,
    where it is seen. `splits` are other rules than those in force."""
    splits = splits or editions("revenue_splits")
    if not splits.asked:
        return fetch("margin_revenue", binds(spec))
    summed: dict[tuple, Decimal] = {}
    for period, feature, currency, amount in _split(spec, splits):
        wanted = spec.filters.get("feature")
        if wanted is None or feature in wanted:
            key = (period, feature, currency)
            summed[key] = summed.get(key, Decimal(0)) + amount
    names = ("period", "feature", "currency")
    return [dict(zip(names, key, strict=True)) | {"revenue": x} for key, x in summed.items()]


def _split(spec: Spec, splits: Editions) -> Iterator[tuple[date, str, str, Decimal]]:
    plans = "plan" in splits.asked
    weights = _weights(spec)
    for row in fetch("bundled_revenue", binds(spec) | {"plans": plans}):
        month = month_start(row["day"])
        rule = splits.of(month).match({"product": row["feature"], "plan": row["plan"]}, month)
        parts = split_revenue(row["revenue"], _of(rule, month, weights)) if rule else {}
        for feature, amount in (parts or {row["feature"]: row["revenue"]}).items():
            period = step_of(row["day"], spec.granularity, spec.period.start)
            yield period, feature, row["currency"], amount


def _of(rule: Mapping[str, str], month: date, weights: Weights) -> dict[str, int]:
    """Feature -> weight. By use, a feature weighs its use times the share that the rule gives."""
    shares = shares_of(rule)
    if rule["by"] == SHARES:
        return shares
    used = weights.get((rule["by"], month), {})
    return {name: share * used.get(name, 0) for name, share in shares.items()}


def _weights(spec: Spec) -> Weights:
    """Use of whole months, whatever part of them is asked for: a day's revenue is split alike in
    every report."""
    last = spec.period.end - timedelta(days=1)
    between = {"first": month_start(spec.period.start), "last": next_month(last)}
    found: dict[tuple[str, date], dict[str, int]] = {}
    for row in fetch("bundle_weights", between):
        found.setdefault((row["by"], row["month"]), {})[row["feature"]] = int(row["weight"])
    return found
