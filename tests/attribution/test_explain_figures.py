"""Why? of every other figure: what was spread, unit cost, margin, estimates, the bill itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.core.management import call_command
import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.explain import explain
from attribution.reports.explain_figures import FIGURES, Question, answer
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import Asker, BadSpec, Spec
from ingest.models import Charge, Source
from ingest.publish import sum_bill_days
from tests.attribution.ledger import charge, source
from tests.attribution.world import build

pytestmark = pytest.mark.django_db

D = Decimal
DAY = date(2026, 9, 1)
PERIOD = Period(DAY, date(2026, 9, 2))
ASKER = Asker("finance")
COST = Spec("cost", PERIOD, ASKER, group_by=("feature",))
SPREAD = replace(COST, idle="spread", shared="spread")


def ask(figure: str, at: dict, spec: Spec = COST, **more):
    return answer(Question(figure, spec, at, **more))


@pytest.fixture
def ledger():
    build()


def test_it_says_where_a_spread_part_comes_from_and_by_which_weight(ledger):
    """Used: search 50, assistant 5, nobody 13, i.e. 68; own idle 10 receives nothing. Free GPU
    time 20 and tax 2 go by 50 of 68."""
    why = ask("cost", {"feature": "search"}, SPREAD)
    idle, shared = why.spreads.shares
    assert (idle.pool, idle.given, idle.weight, idle.total_weight) == ("idle", 20, 500_000, 680_000)
    assert idle.part == why.idle_spread == why.spreads.idle
    assert round(idle.part, 6) == round(D(20) * 50 / 68, 6)
    assert (shared.given, shared.part) == (2, why.shared_spread)
    assert [(o.state, o.given) for o in why.spreads.origins] == [("unreserved", 20), ("tax", 2)]
    assert "It carries 14.71 of ownerless idle capacity" in why.spreads.sentence
    assert "The pools are unreserved, tax" in why.spreads.sentence


def test_it_explains_every_spread_row_to_the_last_digit(ledger):
    charge("31", charge_category="Tax", service_name="Support plan", long_until=_october())
    charge("9", of=source("gcp"), tags={"team": "b", "feature": "assistant"})
    charge("1", of=source("gcp"), charge_category="Tax")
    attribute()
    for groups in (("feature",), ("team", "kind"), ("source", "activity")):
        spec = replace(SPREAD, group_by=groups)
        for row in run(spec).rows:
            why = explain(spec, {n: row[n] for n in groups}, line=row["line"], with_rows=False)
            assert why.figure == row["cost"], row
            told = why.spreads
            for pool in ("idle", "shared"):
                got = getattr(told, pool) - getattr(told, f"gave_{pool}") if told else 0
                assert got == row[f"{pool}_spread"], row
            if told:
                parts = sum(one.part for one in told.shares) + told.more_part
                assert parts == told.idle + told.shared


def _october():
    return "2026-10-01T00:00:00Z"


def test_it_shows_a_team_what_it_received_and_no_totals(ledger):
    scoped = replace(SPREAD, asker=Asker("engineer", teams=("a",)), group_by=())
    told = explain(scoped, {}, line="total", with_rows=False).spreads
    assert told.idle > 0
    assert {(one.given, one.total_weight, one.ratio) for one in told.shares} == {(None,) * 3}
    assert told.origins == ()


def test_it_explains_a_unit_cost_above_and_below_the_line(ledger):
    at, spec = {"model": "rank-v1"}, replace(SPREAD, group_by=())
    for column in ("marginal_cost_per_inference", "loaded_cost_per_inference"):
        for one in (COST, spec):
            why = ask("unit_cost", at, one, column=column)
            assert sum(part.cost for part in why.parts) == why.numerator
            assert sum(source.counted for source in why.counted) == why.denominator == 900
            assert why.figure == (why.numerator / 900).quantize(D("1e-18"))
    why = ask("unit_cost", at)
    assert (why.numerator, why.column) == (40, "marginal_cost_per_inference")
    assert why.parts[0].why.lines[0].resource_id == "i-1"
    assert [(one.source, one.counted, one.rows) for one in why.counted] == [("calls", 900, 2)]
    assert "40 USD divided by 900 inferences, counted by calls" in why.sentence
    tokens = ask("unit_cost", at, column="marginal_cost_per_million_tokens")
    assert tokens.figure is None
    assert "is unknown: no tokens are known of it" in tokens.sentence


def test_it_explains_a_margin_as_revenue_less_cost(ledger):
    why = ask("margin", {"feature": "search"})
    assert (why.revenue, why.cost, why.figure) == (30, 60, -30)
    assert why.why_cost.figure == why.cost
    assert [(r.source, r.told, r.rows, r.amount) for r in why.revenue_lines] == [
        ("business", "search", 1, 30)
    ]
    assert "earned 30 USD, told by 1 row of business, and cost 60 USD" in why.sentence
    untold = ask("margin", {"feature": "assistant"})
    assert (untold.revenue, untold.figure, untold.cost) == (None, None, 5)
    assert "unknown, not zero" in untold.sentence
    row = next(r for r in run(replace(SPREAD, report="margin", group_by=())).rows if r["revenue"])
    assert ask("margin", {"feature": "search"}, SPREAD).cost == row["cost"]


def test_it_explains_a_bill_and_names_the_day_that_differs(ledger):
    at = {"source": "aws", "billing_period": "2026-09"}
    why = ask("reconciliation", at)
    assert (why.figure, why.billed, why.charges, why.days) == (0, 100, 5, ())
    assert "to the last digit the same" in why.sentence
    Charge.objects.filter(day=DAY, billed_cost=3).update(billed_cost=4)
    sum_bill_days(Source.objects.get(name="aws"), [DAY])
    broken = ask("reconciliation", at)
    assert broken.figure == 1
    assert [(d.day, d.billed, d.stands, d.waits) for d in broken.days] == [(DAY, 101, 100, False)]
    assert "1 are missing, on 1 day" in broken.sentence


def test_it_shows_the_calls_and_the_unit_price_of_a_charge(ledger):
    chosen = ask("cost", {"feature": "search"}).chosen
    assert (chosen.quantity, chosen.unit_prices.billed, chosen.unit_prices.unit) == (1, 80, "Hrs")
    assert chosen.unit_prices.listed is None
    told = [(c.told, c.source, c.requests, c.counted) for c in chosen.calls]
    assert told == [("old-rank", "calls", 600, True), ("rank-v1", "calls", 300, True)]


def test_it_tells_the_story_in_a_terminal(ledger, capsys):
    period = ["--from", "2026-09-01", "--to", "2026-09-02"]
    spread = ["--idle", "spread", "--shared", "spread"]
    call_command("explain", "cost", *period, *spread, "--at", "feature:search")
    told = capsys.readouterr().out
    for line in (
        "Spread: 60 of its own",
        "    idle, aws, 2026-09-01",
        "Charges: 2",
        "  Rule: GPU time by reservation, then calls, version 1",
        "    Claims what fits: instance time is yes.",
        "  Weights: GPU-seconds, then requests (* stands in the figure)",
        "  Calls of old-rank by calls: 600 requests",
        "This charge was not loaded from a kept file.",
    ):
        assert line in told or line.startswith("This charge"), line
    for figure, at in (
        ("unit_cost", ["--at", "model:rank-v1"]),
        ("margin", ["--at", "feature:search"]),
        ("reconciliation", ["--at", "source:aws", "--at", "billing_period:2026-09"]),
    ):
        call_command("explain", figure, *period, *at)
        assert len(capsys.readouterr().out.splitlines()) > 5


def test_it_refuses_what_cannot_be_asked(ledger):
    with pytest.raises(BadSpec, match="column 'requests' is not one of"):
        ask("unit_cost", {"model": "rank-v1"}, column="requests")
    with pytest.raises(NoFigure, match="no unit cost of nobody"):
        ask("unit_cost", {"model": "nobody"})
    with pytest.raises(BadSpec, match="margin is told of a feature"):
        ask("margin", {"team": "a"})
    with pytest.raises(BadSpec, match="named by source:NAME and billing_period"):
        ask("reconciliation", {"source": "aws"})
    with pytest.raises(NoFigure, match="nothing is expected"):
        ask("estimate", {}, line="total")
    assert set(FIGURES) == {"cost", "unit_cost", "margin", "estimate", "reconciliation"}
