"""How far data reaches, what does not add up and what was noticed, as samples of reports."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from aicost.kernel.periods import midnight
from aicost.metrics.costs import Scrape
from aicost.metrics.families import Sample
from attribution.models.alerts import SEVERITIES, STANDING


def sources(scrape: Scrape) -> Iterator[Sample]:
    for row in scrape.ask("freshness", scrape.month).rows:
        labels = (row["source"], row["kind"])
        if row["loaded_at"] is not None:
            at = int(row["loaded_at"].timestamp())
            yield Sample("aicost_source_loaded_timestamp_seconds", labels, at)
            yield Sample("aicost_source_age_seconds", labels, at)
        for column, family in (("through", "last_day"), ("final_through", "final_day")):
            if row[column] is not None:
                name = f"aicost_source_{family}_timestamp_seconds"
                yield Sample(name, labels, _at(row[column]))
        yield Sample("aicost_source_dirty_dates", labels, row["dirty_days"])
        yield Sample("aicost_source_failed_dates", labels, row["failed_days"])


def residuals(scrape: Scrape) -> Iterator[Sample]:
    """Of the billing periods that this month touches; who sees only some teams sees no bill."""
    if scrape.asker.teams is not None:
        return
    for row in scrape.ask("reconciliation", scrape.month).rows:
        for basis, column in (("billed", "residual"), ("effective", "effective_residual")):
            if row[column] is not None:
                labels = (row["source"], row["billing_period"], basis, row["currency"])
                yield Sample("aicost_residual", labels, row[column])


def alerts(scrape: Scrape) -> Iterator[Sample]:
    rows = scrape.ask("alerts", scrape.month).rows
    found = Counter(row["severity"] for row in rows if row["state"] in STANDING)
    for severity in SEVERITIES:
        yield Sample("aicost_alerts_open", (severity,), found[severity])


def _at(day: date) -> int:
    return int(midnight(day).timestamp())
