"""Why this number? From a figure of the worked example down to the rows of its file."""

from datetime import date
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.explain import explain
from attribution.reports.explain_calls import calls_of, token_prices
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import Asker, Spec
from ingest.load import load
from ingest.models import ChangedDay, Charge, Price
from tests.attribution import example
from tests.attribution.ledger import calls, charge, stands
from tests.attribution.ledger import source as source_of

pytestmark = pytest.mark.django_db

D = Decimal
DAY = date(2026, 9, 1)
PERIOD = Period(DAY, date(2026, 9, 2))
COST = Spec("cost", PERIOD, Asker("finance"), group_by=("feature",))


@pytest.fixture
def ledger(tmp_path, settings):
    settings.AICOST_HOME = tmp_path / "home"
    files = tmp_path / "files"
    for paths, source in (
        (example.maps(files), "maps"),
        ([example.telemetry(files)], "gpus"),
        ([example.calls(files)], "calls"),
        ([example.aws(files)], "aws"),
        ([example.api(files)], "llm-api"),
    ):
        load(paths, source)
    attribute()


def test_it_explains_a_figure_down_to_the_rows_of_the_file(ledger):
    why = explain(COST, {"feature": "search"})
    assert round(why.figure, 6) == D("181.285714")
    assert why.trust.residual == 0
    assert sum(line.part for line in why.lines) == why.own == why.figure
    node, llm_input, llm_output = why.lines
    assert (node.what, node.resource_id, node.method) == ("p4d.24xlarge", "i-0a", "gpu_time")
    assert node.charged == D("460.80")
    assert [line.part for line in (llm_input, llm_output)] == [D("6"), D("1.8")]
    assert why.sentence.startswith("1 Sep 2026: search is made of parts of 3 charges.")
    chosen = why.chosen
    assert len(chosen.weights) == 14
    assert sum(weight.cost for weight in chosen.weights) == D("460.80")
    ranker = next(w for w in chosen.weights if w.chosen and w.cost == D("86.4"))
    assert (ranker.weight, ranker.total_weight) == (72 * 3_600_000, 192 * 3_600_000)
    assert (ranker.weight2, ranker.total_weight2) == (450_000, 900_000)
    assert ranker.ratio == D("0.1875")
    assert (chosen.weight_unit, chosen.weight_unit2) == ("GPU-milliseconds", "requests")
    assert (chosen.telemetry.observed_hours, chosen.telemetry.gpu_hours) == (176, 192)
    assert chosen.telemetry.devices == 8
    assert chosen.rule.title and chosen.rule.version == 1
    assert len(chosen.rows) == 24
    assert sum(D(row["columns"]["EffectiveCost"]) for row in chosen.rows) == D("460.80")


def test_it_explains_every_line_of_the_table_as_the_table_shows_it(ledger):
    for idle, groups in (
        ("shown", ("feature", "source")),
        ("spread", ("feature", "source")),
        ("shown", ("feature", "resource", "sku", "tag:team")),
    ):
        spec = Spec("cost", PERIOD, Asker("finance"), group_by=groups, idle=idle, shared=idle)
        for row in run(spec).rows:
            at = {name: row[name] for name in groups}
            why = explain(spec, at, line=row["line"], with_rows=False)
            assert why.figure == row["cost"], row
            assert sum(line.part for line in why.lines) + why.more_part == why.own


def test_it_shows_the_weights_of_the_charge_that_is_asked_for(ledger):
    line = explain(COST, {"feature": "assistant"}, with_rows=False).lines[1]
    why = explain(COST, {"feature": "assistant"}, charge=(line.day, line.charge_id))
    assert why.chosen.line == line
    assert [w.dimensions["feature"] for w in why.chosen.weights] == ["assistant", "search"]
    with pytest.raises(NoFigure, match="has no part in this figure"):
        explain(COST, {"feature": "recommendations"}, charge=(line.day, line.charge_id))


def test_it_shows_a_team_only_its_own_parts(ledger):
    asker = Asker("engineer", teams=("relevance",))
    why = explain(Spec("cost", PERIOD, asker), {}, line="total")
    assert {w.dimensions["team"] for w in why.chosen.weights} == {"relevance"}
    assert {w.total_weight for w in why.chosen.weights} == {None}
    assert {(line.charged, line.ratio) for line in why.lines} == {(None, None)}
    assert (why.charged, why.trust.residual, why.chosen.telemetry) == (None, None, None)
    assert why.chosen.rows == ()


def test_it_tells_no_price_where_all_tokens_weighed_alike():
    """A class without a price is not free: then no class is weighed by one, and none is told."""
    api = {"service_category": "AI and Machine Learning", "service_subcategory": "Generative AI"}
    one = charge("40", **api, service_name="LLM API", extras={"ModelId": "our-own-llm"})
    price = {"model": "our-own-llm", "currency": "USD", "basis": "list", "valid_from": DAY}
    Price.objects.create(token_class="input_tokens", price="1", **price)
    calls("our-own-llm", input_tokens=1_000_000, feature="search")
    calls("our-own-llm", output_tokens=1_000_000, feature="answers")
    attribute()

    def told() -> list[tuple]:
        found = token_prices(Charge.objects.get(pk=one), calls_of(DAY, ["our-own-llm"]))
        return [(price.token_class, price.per_million) for price in found]

    assert sorted(stands(one).values()) == [20, 20] and told() == []
    Price.objects.create(token_class="output_tokens", price="3", **price)
    ChangedDay.objects.create(source=source_of("calls", "usage"), day=DAY, what="price")
    attribute()
    assert sorted(stands(one).values()) == [10, 30]
    assert told() == [("input_tokens", 1), ("output_tokens", 3)]
