"""The demo company through the whole product: load, attribute, audit, ask; then is it the truth?

Eight days around the end of a month hold every event: a node left on over a weekend, a telemetry
gap, a bill that comes twice, an account without tags, a feature that earns less than it costs.
"""

from datetime import date
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.audit import audit, is_clean
from attribution.models import Entity
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from ingest.models import Restatement
from tests.web.demo_world import TODAY

FINANCE = Asker("finance")


def ask(report: str, first: str, end: str, *group_by: str, **filters: str) -> list[dict]:
    period = Period(date.fromisoformat(first), date.fromisoformat(end))
    chosen = {name: (value,) for name, value in filters.items()}
    return run(Spec(report, period, FINANCE, group_by=group_by, filters=chosen)).rows


def cost_of(event: dict, **filters: str) -> Decimal:
    rows = ask("cost", event["from"], event["to"], "kind", **filters)
    return sum((row["cost"] for row in rows), Decimal(0))


@pytest.fixture
def truth(demo) -> dict:
    """The truth of the files, which are loaded and attributed."""
    told = demo.truth()
    told["events"] = {event["name"]: event for event in told["events"]}
    return told


def test_the_product_finds_what_the_demo_company_hides(truth: dict) -> None:
    assert is_clean(audit())
    events = truth["events"]

    billed = {}
    for row in audit()["totals"]:
        billed[row["source"]] = billed.get(row["source"], 0) + Decimal(row["billed"])
    told = {}
    for row in truth["monthly_totals"]:
        told[row["source"]] = told.get(row["source"], 0) + Decimal(row["cost"])
    assert billed == told

    weekend = events["idle_weekend"]
    assert cost_of(weekend, state="empty_idle") == Decimal(weekend["cost"])
    assert cost_of(weekend, experiment="two-tower") == Decimal(weekend["cost"])

    gap = events["telemetry_gap"]
    found = cost_of(gap, state="unobserved", environment="research")
    assert found == Decimal(gap["cost"])

    forgotten = events["forgotten_experiment"]
    idle = cost_of(forgotten, experiment="wide-embeddings", state="held_idle")
    assert idle == Decimal(forgotten["cost"])

    untagged = events["untagged_account"]
    assert cost_of(untagged, source="account-4471", state="unclaimed") == Decimal(untagged["cost"])

    unmetered = events["unmetered_tokens"]
    assert cost_of(unmetered, state="unmetered") == Decimal(unmetered["cost"])

    restated = sum(row.billed_delta for row in Restatement.objects.all())
    assert restated == Decimal(events["restated_bill"]["cost"])

    variant = events["decided_variant"]
    stopped = {"experiment": "ab-rank-b", "state": "held_idle"}
    assert cost_of(variant, **stopped) == Decimal(variant["cost"])

    for row in truth["features"]:
        if row["exact"]:
            month = Period(date.fromisoformat(truth["from"]), TODAY)
            first = max(row["month"] + "-01", month.start.isoformat())
            end = {"2026-10": "2026-11-01", "2026-11": TODAY.isoformat()}[row["month"]]
            rows = ask("cost", first, end, "feature", feature=row["feature"])
            assert sum(each["cost"] for each in rows) == Decimal(row["cost"]), row

    november = ask("margin", "2026-11-01", TODAY.isoformat())
    margins = {row["feature"]: row["margin"] for row in november if row["margin"] is not None}
    assert margins["support-assistant"] < 0
    assert {name for name, margin in margins.items() if margin < 0} == {"support-assistant"}

    runs_cost_what_their_experiment_does(truth)
    names_are_owned(truth["from"])
    books_balance()


def runs_cost_what_their_experiment_does(truth: dict) -> None:
    """The tracker's runs are those of the truth, and those of an experiment sum to its money."""
    period = Period(date.fromisoformat(truth["from"]), TODAY)
    rows = run(Spec("run_cost", period, FINANCE)).rows
    assert len(rows) == sum(row["runs"] for row in truth["runs"])
    hours = sum(row["gpu_hours"] for row in truth["runs"])
    assert sum(row["gpu_hours"] for row in rows) == hours
    assert {row["status"] for row in rows} >= {"finished", "failed", "running"}
    mine = [row for row in rows if row["experiment"] == "two-tower"]
    told = ask("cost", truth["from"], TODAY.isoformat(), experiment="two-tower")
    assert abs(sum(row["run_cost"] for row in mine) - told[0]["cost"]) < Decimal("1e-15")
    [notebook] = [row for row in mine if row["name"] == "two-tower-notebook"]
    assert (notebook["status"], notebook["gpu_hours"]) == ("killed", 384)
    experiments = {row["experiment"]: row for row in run(Spec("experiments", period, FINANCE)).rows}
    assert experiments["two-tower"]["score"] > experiments["ab-rank-a"]["score"]
    assert experiments["wide-embeddings"]["status"] == "forgotten"


def names_are_owned(first: str) -> None:
    """Its targets.csv says of every name in the ledger whose it is and what it stands below, on
    each day; so every product, department and family is the bill again."""
    period = first, TODAY.isoformat()
    bill = sum(row["cost"] for row in ask("cost", *period))
    owned = set(Entity.objects.exclude(owner="").values_list("dimension", "name"))
    for below, level in (("feature", "product"), ("team", "department"), ("team", "cost_centre"),
                         ("model", "model_family"), ("experiment", "project")):  # fmt: skip
        rows = ask("cost", *period, below, level)
        assert sum(row["cost"] for row in rows) == bill
        named = [row for row in rows if row[below]]
        assert {(below, row[below]) for row in named} <= owned
        assert [row for row in named if not row[level]] == []


def books_balance() -> None:
    """Its cost classes and accounts hold: the journal of October balances."""
    classes = {row["cost_class"] for row in ask("cost_class", "2026-10-01", TODAY.isoformat())}
    assert {"cost_of_revenue", "research_and_development", "sales_and_marketing"} <= classes
    lines = ask("journal", "2026-10-01", "2026-11-01")
    assert sum(row["debit"] or 0 for row in lines) == sum(row["credit"] or 0 for row in lines) > 0
