"""The examples of the FOCUS specification hold for what the expression makes of them."""

from decimal import Decimal

import pytest

from ingest.bill_table import connect, open_table
from ingest.fetch.kept import keep
from ingest.sources.focus import expression

pytestmark = pytest.mark.samples
COMMITMENT = "commitment_discount_"


def charges(path, scratch):
    backend = connect(scratch)
    table = open_table(backend, [keep(path)], scratch)
    return expression(table).to_pyarrow().to_pylist()


def flexibility(samples):
    return sorted((samples / "billing" / "focus_spec_examples").glob(f"{COMMITMENT}flex*.csv"))


def test_it_amortises_exactly_what_was_purchased(samples, home):
    """Σ EffectiveCost of usage over a commitment's term = Σ BilledCost of its purchase."""
    files = flexibility(samples)
    assert len(files) == 4
    for path in files:
        rows = charges(path, home)
        assert sum(row["rows_refused"] for row in rows) == 0
        bought = [row for row in rows if row["charge_category"] == "Purchase"]
        used = [r for r in rows if r["charge_category"] == "Usage" and r["commitment_discount_id"]]
        purchased = sum(row["billed_cost"] for row in bought)
        assert purchased > 0, path.name
        assert sum(row["effective_cost"] for row in used) == purchased, path.name
        assert sum(row["effective_cost"] for row in bought) == 0


def test_it_keeps_the_end_of_a_term_bought_at_once(samples, home):
    path = samples / "billing" / "focus_spec_examples" / f"{COMMITMENT}scenarios__{COMMITMENT}"
    [bought] = charges(path.with_name(path.name + "purchase_scenario_1.csv"), home)

    assert (bought["billed_cost"], bought["effective_cost"]) == (Decimal(8760), 0)
    assert (str(bought["day"]), str(bought["long_period_end"])) == (
        "2023-01-01",
        "2024-01-01 00:00:00",
    )


def test_it_refuses_an_hour_that_is_none_and_amounts_with_a_currency_sign(samples, home):
    folder = samples / "billing" / "focus_spec_examples"
    for name in (
        f"{COMMITMENT}scenarios__{COMMITMENT}purchase_scenario_2.csv",  # 2023-02-01T30:00:00Z
        "simple_agreements__simple_saas_agreements_a1.csv",  # "$10,000.00 "
    ):
        assert sum(row["rows_refused"] for row in charges(folder / name, home)) > 0, name


def test_it_reads_month_first_dates(samples, home):
    folder = samples / "billing" / "focus_spec_examples"
    rows = charges(folder / "spend_agreements__saas_spend_agreements_b1.csv", home)

    assert sum(row["rows_refused"] for row in rows) == 0
    [bought] = [row for row in rows if row["charge_category"] == "Purchase"]
    assert (str(bought["day"]), str(bought["long_period_end"])[:10]) == ("2025-04-01", "2026-04-01")
