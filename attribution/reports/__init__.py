"""The only read path: the page, the CSV, the command and every later surface call `run`."""

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from aicost.kernel.periods import Period
from attribution.once import steady
from attribution.reports import (
    accruals,
    ai_share,
    alerts,
    bridge,
    budgets,
    burn_down,
    closing,
    cost,
    cost_class,
    cost_daily,
    customers,
    estimate_accuracy,
    estimated_hours,
    experiments,
    failed_work,
    focus_export,
    forecast,
    gpu,
    gpu_consumption,
    gpu_idle,
    happened,
    health,
    journal,
    margin,
    quality,
    rule_claims,
    run_cost,
    serving_modes,
    statement,
    storage,
    suggestions,
    training,
    unclassified,
    unit_cost,
    unpriced,
)
from attribution.reports.base import Report, check
from attribution.reports.compare import merge, previous_period
from attribution.reports.convert import converted
from attribution.reports.patterns import expanded
from attribution.reports.remembered import remembered
from attribution.reports.spec import Answer, BadSpec, Spec, Stream
from attribution.reports.trust import trust_of

REPORTS: dict[str, Report] = {
    report.name: report
    for report in (
        cost.REPORT,
        unit_cost.REPORT,
        margin.REPORT,
        *customers.REPORTS,
        cost_class.REPORT,
        statement.REPORT,
        journal.REPORT,
        accruals.REPORT,
        ai_share.REPORT,
        bridge.REPORT,
        *alerts.REPORTS,
        gpu.REPORT,
        gpu_consumption.REPORT,
        *gpu_idle.REPORTS,
        focus_export.REPORT,
        cost_daily.REPORT,
        estimate_accuracy.REPORT,
        estimated_hours.REPORT,
        unpriced.REPORT,
        *health.REPORTS,
        *happened.REPORTS,
        *closing.REPORTS,
        unclassified.REPORT,
        storage.REPORT,
        failed_work.REPORT,
        *training.REPORTS,
        run_cost.REPORT,
        quality.REPORT,
        experiments.REPORT,
        serving_modes.REPORT,
        suggestions.REPORT,
        forecast.REPORT,
        *budgets.REPORTS,
        burn_down.REPORT,
        *rule_claims.REPORTS,
    )
}


def run(spec: Spec, known: MutableMapping | None = None) -> Answer:
    """Answer one question. Raises BadSpec for a question that cannot be put, NotAllowed for one
    that this asker may not put. Whoever asks many at once keeps one `known` meanwhile, or asks
    within `steady`, so that what they share is looked up once."""
    report = named(spec.report)
    check(report, spec)
    with steady(known):
        return remembered(spec, partial(_answered, report, spec))


def _answered(report: Report, spec: Spec) -> Answer:
    missing: tuple = ()
    asked = expanded(spec)
    if spec.in_currency and not report.by_itself:
        rows, missing = converted(report, asked)
    else:
        rows = report.rows(asked)
    return Answer(spec, report.columns(spec), rows, only_currency(rows), trust_of(spec), missing)


def streamed(spec: Spec) -> Iterator[dict]:
    """The rows of `run(spec)` one by one; of a report without a stream they all stand in memory
    first. Raises like `run`, here and not at the first row."""
    report = named(spec.report)
    if report.stream is None or spec.in_currency:
        return iter(run(spec).rows)
    check(report, spec)
    return report.stream(expanded(spec))


def stream(spec: Spec) -> Stream:
    """`streamed` with what an answer says of itself. The first row is read here, so that what
    cannot be answered is told now and not amid the rows."""
    report = named(spec.report)
    if report.stream is None or spec.in_currency:
        found = run(spec)
        return Stream(found.spec, found.columns, iter(found.rows), found.trust, found.missing_rates)
    rows = streamed(spec)
    first = next(rows, None)
    told = rows if first is None else chain([first], rows)
    return Stream(spec, report.columns(spec), told, trust_of(spec))


def compare(spec: Spec, other_period: Period | None = None) -> Answer:
    """`run(spec)` with `previous`, `delta` and `delta_percent` of the report's measure beside each
    row; without `other_period`, the one before. Raises like `run`, and BadSpec for a report that
    measures nothing."""
    report = named(spec.report)
    if report.measure is None:
        raise BadSpec(f"report {report.name} has nothing to compare")
    now = run(spec)
    other = replace(spec, period=other_period or previous_period(spec.period))
    return merge(report, now, run(other))


def named(name: str) -> Report:
    try:
        return REPORTS[name]
    except KeyError:
        raise BadSpec(f"report {name!r} is not one of: {', '.join(REPORTS)}") from None


def only_currency(rows: Sequence[dict]) -> str | None:
    """The currency all rows share, or None when they differ or carry none."""
    found = {row["currency"] for row in rows if row.get("currency")}
    return found.pop() if len(found) == 1 else None
