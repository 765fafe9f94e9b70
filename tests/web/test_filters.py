"""Filters by several values and by a part of a name; money in another currency."""

from datetime import date
from decimal import Decimal

import pytest

from aicost.kernel.periods import Period
from attribution.models import CostDay
from attribution.reports import run
from attribution.reports.explain_figures import Question, answer
from attribution.reports.spec import Asker, BadSpec, Spec
from ingest.models import FxRate, Source
from tests.web.world import FIRST, QUERY, SECOND, TOTAL, sum_costs

pytestmark = pytest.mark.django_db
D, DAYS = Decimal, Period(FIRST, date(2026, 9, 3))
FINANCE = Asker("finance")


def _cost(asker: Asker = FINANCE, **filters) -> Decimal:
    spec = Spec("cost", DAYS, asker, filters=filters)
    return sum((row["cost"] for row in run(spec).rows), D(0))


def test_a_part_of_a_name_is_the_names_that_have_it(costs):
    """search 160.00, answers 75.50; beside them 19.50 without a feature."""
    assert _cost(feature=("sea*",)) == _cost(feature=("*ARC*",)) == D(160)
    assert _cost(feature=("*s*",)) == _cost(feature=("answers", "*earc*")) == D("235.50")
    assert _cost(feature=("*earc*", "")) == D("179.50")
    assert _cost(model=("big_l*",)) == _cost(team=("*PPORT*",)) == D("75.50")
    assert _cost(source=("*w*",)) == TOTAL
    assert _cost(feature=("arc*",)) == _cost(feature=("*",)) == 0
    assert _cost(Asker("engineer", ("relevance",)), feature=("*s*",)) == D(160)
    spec = Spec("cost", DAYS, FINANCE, filters={"feature": ("*s*",)})
    assert answer(Question("cost", spec, {}, "total")).figure == D("235.50")


def test_the_menu_takes_several_values_and_a_part(visit, costs):
    menu = visit("viewer", f"/filter/feature/?page=explore&{QUERY}&feature=search&feature=*an*")
    text = menu.content.decode()
    assert 'name="feature" value="search" checked' in text
    assert 'name="feature" value="answers">' in text
    assert 'name="feature" value="">' in text
    assert 'name="has:feature" value="an"' in text
    sent = f"/explore/?{QUERY}&feature=search&has:feature=an&has:team="
    page = visit("viewer", sent).content.decode()
    assert "Feature: search, has “an”" in page
    assert "$235.50" in page
    assert "feature=search&amp;feature=%2Aan%2A" in page


def test_it_shows_money_in_a_currency_that_a_rate_leads_to(visit, costs):
    """255 USD are 127.50 EUR at 2; 10 GBP have no rate and stay a line of their own."""
    FxRate.objects.create(
        month=FIRST, from_currency="EUR", to_currency="USD", rate=D(2), origin="ECB"
    )
    row = CostDay.objects.filter(day=SECOND, target__kind="shared").get()
    row.pk, row.currency, row.source = None, "GBP", Source.objects.create(name="uk", kind="bill")
    row.billed_cost = row.effective_cost = D(10)
    row.save()
    sum_costs(row.source)
    assert ">EUR</a>" in visit("finance", f"/explore/?{QUERY}").content.decode()
    found = run(Spec("cost", DAYS, FINANCE, in_currency="EUR"))
    assert {(r["currency"], r["cost"]) for r in found.rows} == {
        ("EUR", D("127.5")), ("GBP", D(10)),
    }  # fmt: skip
    assert found.missing_rates == ((FIRST, "GBP", "EUR"),)
    page = visit("finance", f"/explore/?{QUERY}&in_currency=EUR").content.decode()
    assert "€127.50" in page
    assert "£10.00" in page
    assert "no rate GBP to EUR for Sep 2026" in page
    assert "$255.00" not in page
    other = visit("finance", f"/customers/?{QUERY}&in_currency=EUR").content.decode()
    assert "$" in other
    with pytest.raises(BadSpec):
        run(Spec("gpu", DAYS, FINANCE, in_currency="EUR"))
    assert visit("finance", "/explore/?in_currency=euro").status_code == 400
