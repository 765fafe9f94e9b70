"""Why a table is empty. No data, filtered out and another period are different, and none is zero.

A template asks with {% nothing "gpu" "GPU time" %} (library `nothing`) where its rows would stand;
only then the ledger is asked why. Zero is an answer, and stands in the table as one.
"""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from aicost.accounts.scope import may_upload
from aicost.kernel.periods import FIRST_YEAR, Period, month_of, utc_today
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.filters import label
from aicost.web.picks import NOT_SET
from aicost.web.spans import ONE_DAY
from attribution.reports import REPORTS
from attribution.reports.spec import SHOWN

FILTERED, OUTSIDE, NO_DATA = "filtered", "outside", "no_data"
# What it takes before a report can say anything.
NEEDS = {
    "cost": "It takes a bill.",
    "gpu": "It takes a bill with GPU instances, their telemetry, and a map that joins both.",
    "gpu_consumption": "It takes telemetry of what runs on the GPUs.",
    "margin": "It takes a bill, and revenue by day and feature.",
    "unit_cost": "It takes a bill, and the calls that were made.",
    "training": "It takes training runs, from MLflow, Weights & Biases or a file.",
    "run_cost": "It takes training runs, from Slurm, MLflow, Weights & Biases or a file.",
    "runs": "It takes training runs, from MLflow, Weights & Biases or a file.",
    "experiments": "It takes training runs, or tags that name an experiment.",
    "quality": "It takes quality scores by model version.",
    "customers": "It takes a bill, and calls that name their customer.",
}


@dataclass(frozen=True)
class Nothing:
    """`kind` is one of the three; `links` are (text, address) of what can be done."""

    kind: str
    head: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


def why(ask: Ask, report: str = "cost", what: str = "cost", fixed: frozenset = frozenset()
        ) -> Nothing:  # fmt: skip
    """The kind of nothing that a report's empty answer is. `fixed` are dimensions whose filter is
    what the page is about, so that nobody can take it away."""
    known = REPORTS[report].filters
    kept = {n: v for n, v in ask.view.filters.items() if n in fixed and n in known}
    plain = {"group_by": (), "granularity": "total", "filters": kept, "idle": SHOWN,
             "shared": SHOWN, "in_currency": ""}  # fmt: skip
    others = [name for name in ask.view.filters if name not in fixed]
    if others and ask.report(report, **plain).rows:
        return _filtered(ask, what, others)
    months = _months(ask, report, plain)
    if months:
        return _outside(ask, what, months)
    if ask.asker.teams is not None:
        names = ", ".join(ask.asker.teams) or "no team yet"
        return Nothing(NO_DATA, f"No {what} of your teams is known.", f"You see {names}.")
    return _no_data(ask, report, what)


def _filtered(ask: Ask, what: str, others: list[str]) -> Nothing:
    view = ask.view
    links = [
        (f"Without {label(name).lower()} {_named(view.filters[name])}",
         f"?{view.without_filter(name)}")
        for name in others
    ]  # fmt: skip
    if len(others) > 1:
        kept = {name: v for name, v in view.filters.items() if name not in others}
        links.append(("Without any filter", f"?{view.here(filters=kept)}"))
    head = f"Filtered out: there is {what} in this period."
    return Nothing(FILTERED, head, "No row passes all filters.", tuple(links))


def _named(values: tuple[str, ...]) -> str:
    return ", ".join(value or NOT_SET for value in values)


def _months(ask: Ask, report: str, plain: dict) -> list[date]:
    """First days of all months with rows, whatever the period. Read by month where the report can,
    else only that there are some, as the months in which anything was billed."""
    ever = Period(date(FIRST_YEAR, 1, 1), utc_today() + ONE_DAY)
    asked = plain | {"period": ever}
    if "month" in REPORTS[report].granularities:
        rows = ask.report(report, **asked | {"granularity": "month"}).rows
        return sorted({row["period"] for row in rows if row.get("period")})
    if not ask.report(report, **asked).rows:
        return []
    costs = ask.report("cost", **asked | {"filters": {}, "granularity": "month"}).rows
    return sorted({row["period"] for row in costs})


def _outside(ask: Ask, what: str, months: list[date]) -> Nothing:
    first, last = month_of(months[0]), month_of(months[-1])
    said = numbers.period(Period(first.start, last.end), year=True)
    newest = ask.with_view(period=last).view.here()
    month = f"{last.start:%B %Y}"
    head = f"No {what} in {numbers.period(ask.period, year=True)}."
    return Nothing(OUTSIDE, head, f"There is some in {said}.", ((f"Show {month}", f"?{newest}"),))


def _no_data(ask: Ask, report: str, what: str) -> Nothing:
    head, needs = f"No {what} is known yet.", NEEDS.get(report, "It takes data of its own.")
    if not may_upload(ask.user):
        return Nothing(NO_DATA, head, f"{needs} Engineers, finance, FinOps and admins add data.")
    links = (("Connect a source", reverse("sources")), ("Add a file", reverse("upload")))
    if ask.report("cost", group_by=("feature",)).rows:
        return Nothing(NO_DATA, head, needs, links)
    text = f"{needs} To see it with a demo company first, start one with make demo."
    return Nothing(NO_DATA, head, text, links)
