"""Cost, unit cost and budgets as samples: rows of reports, and nothing worked out beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period, midnight, month_start
from aicost.metrics.families import FINAL, MONTH, NAMED, OTHER, UNITS, YESTERDAY, Sample
from attribution.reports import run
from attribution.reports.spec import Answer, Asker, Spec

ONE_DAY = timedelta(days=1)
OWNED = "owned"


@dataclass(frozen=True)
class Scrape:
    """Who asks, on which day, and how many names of a kind are told apart."""

    asker: Asker
    today: date
    top: int

    @property
    def month(self) -> Period:
        return Period(month_start(self.today), self.today + ONE_DAY)

    def ask(self, report: str, period: Period, **more) -> Answer:
        return run(Spec(report, period, self.asker, **more))

    def windows(self) -> dict[str, Period]:
        """The last final day is one of every bill; without any there is no such window."""
        found = {MONTH: self.month, YESTERDAY: Period(self.today - ONE_DAY, self.today)}
        final = self.final_day()
        return found | ({FINAL: Period(final, final + ONE_DAY)} if final else {})

    def final_day(self) -> date | None:
        bills = [one for one in self.ask("freshness", self.month).freshness if one.kind == "bill"]
        days = [one.final_through for one in bills]
        return None if not days or None in days else min(days)


def costs(scrape: Scrape) -> Iterator[Sample]:
    largest = {name: _largest(scrape, name) for name in NAMED}
    for window, period in scrape.windows().items():
        for row in scrape.ask("cost", period).rows:
            yield Sample(f"aicost_cost_{window}", (row["currency"],), row["cost"])
            if window == MONTH:
                told = row["estimated_cost"]
                yield Sample("aicost_estimated_cost_month_to_date", (row["currency"],), told)
        kinds = scrape.ask("cost", period, group_by=("kind",)).rows
        yield from _summed(f"aicost_kind_cost_{window}", kinds, ("kind", "currency"), "cost")
        for name in NAMED:
            rows = scrape.ask("cost", period, group_by=(name,)).rows
            told = [row | {name: _called(row, name, largest[name])} for row in rows]
            key = (name, "line", "currency")
            yield from _summed(f"aicost_{name}_cost_{window}", told, key, "cost")
    if final := scrape.final_day():
        at = int(midnight(final).timestamp())
        yield Sample("aicost_last_final_day_timestamp_seconds", (), at)


def _largest(scrape: Scrape, name: str) -> set[str]:
    """The names that cost most this month: they stand for themselves in every window."""
    sums: dict[str, Decimal] = {}
    for row in scrape.ask("cost", scrape.month, group_by=(name,)).rows:
        if row["line"] == OWNED:
            sums[row[name]] = sums.get(row[name], Decimal(0)) + abs(row["cost"])
    return set(sorted(sums, key=lambda one: (-sums[one], one))[: scrape.top])


def _called(row: dict, name: str, largest: set[str]) -> str:
    return row[name] if row["line"] != OWNED or row[name] in largest else OTHER


def _summed(family: str, rows: Sequence[dict], key: Sequence[str], column: str) -> Iterator[Sample]:
    """Rows that the labels do not tell apart are one series: their sum, so that all add up."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        labels = tuple(row[name] for name in key)
        sums[labels] = sums.get(labels, Decimal(0)) + row[column]
    yield from (Sample(family, labels, value) for labels, value in sums.items())


def unit_costs(scrape: Scrape) -> Iterator[Sample]:
    """Of the largest names only: a cost per unit has no sum, so there is no "other"."""
    for name in ("model", "feature"):
        largest = _largest(scrape, name)
        counted: set[str] = set()
        for row in scrape.ask("unit_cost", scrape.month, group_by=(name,)).rows:
            called = row[name]
            if called not in largest:
                continue
            for unit in UNITS:
                for cost in ("marginal", "loaded"):
                    value = row[f"{cost}_cost_per_{unit}"]
                    if value is not None and row["currency"]:
                        labels = (called, cost, row["currency"])
                        yield Sample(f"aicost_{name}_cost_per_{unit}", labels, value)
            if called not in counted:  # the same calls stand beside each currency
                counted.add(called)
                yield from _counts(name, called, row)


def _counts(name: str, called: str, row: dict) -> Iterator[Sample]:
    for column, words in (("requests", "inferences"), ("tokens", "tokens")):
        if row[column] is not None:
            yield Sample(f"aicost_{name}_{words}_month_to_date", (called,), int(row[column]))


def budgets(scrape: Scrape) -> Iterator[Sample]:
    """The worst first, as the report has them; what is not worked out yet has no series."""
    today = Period(scrape.today, scrape.today + ONE_DAY)
    rows = scrape.ask("budgets", today).rows
    for row in rows[: scrape.top]:
        labels = (str(row["budget_id"]), row["name"], row["kind"], row["budget_period"],
                  row["currency"])  # fmt: skip
        forecast = row["p50"] if row["p50"] is not None else row["at_this_pace"]
        odds = row["probability_percent"]
        told = {
            "spent": row["used"],
            "limit": row["available"],
            "forecast": forecast,
            "overrun_probability_ratio": None if odds is None else odds / 100,
        }
        for what, value in told.items():
            if value is not None:
                yield Sample(f"aicost_budget_{what}", labels, value)
    if left := len(rows[scrape.top :]):
        yield Sample("aicost_metrics_series_left_out", (), left)
