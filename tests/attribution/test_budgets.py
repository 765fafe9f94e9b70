"""Budgets: what a period may cost, where it ends, what an evening says of it; and the file."""

from datetime import date, timedelta
from decimal import Decimal

from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from aicost.kernel.periods import Period
from attribution.budgeting import findings
from attribution.budgeting.allowance import allowances, per_unit
from attribution.budgeting.edit import FIELDS, remove_budget, save_budget, texts_of
from attribution.budgeting.files import (
    export_balances,
    export_budgets,
    import_balances,
    import_budgets,
)
from attribution.budgeting.judge import Standing, judged
from attribution.budgeting.odds import chance_over, reached_on
from attribution.budgeting.outlook import per_unit_outlook
from attribution.budgeting.plans import Plan, plans_on
from attribution.budgeting.remember import remember
from attribution.detectors.panel import Panel
from attribution.entities.changes import By, EntityRefused
from attribution.forecast import month_end, period_end
from attribution.models import (
    Budget,
    BudgetStatus,
    CostDay,
    CostSum,
    CreditBalance,
    DayState,
    Entity,
    EntityBudget,
    EntityChange,
    Target,
)
from attribution.models.budgets import ROLL_OVERS
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from attribution.tablefile import BadTable
from tests.attribution.budget_world import CALLS, FIRST, LAST, build
from tests.attribution.ledger import source
from tests.web.world import sum_costs

D = Decimal
ME = By(reason="test")
MONEY = st.decimals(0, 10**9, places=2)
EVERYBODY = Asker("finance")


@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=24), st.sampled_from(ROLL_OVERS))
def test_what_rolls_over_is_neither_lost_nor_made(periods, roll_over):
    """All amounts and what was written off are what was spent, what lapsed and what is left."""
    amounts, spent = zip(*periods, strict=True)
    found = allowances(amounts, spent, roll_over)
    off, lapsed = (sum(getattr(one, name) for one in found) for name in ("written_off", "lapsed"))
    assert sum(amounts) + off == sum(spent) + lapsed + found[-1].left
    carried = sum(one.hands_on for one in found[:-1])
    assert sum(one.available for one in found) == sum(amounts) + carried
    if roll_over == "all":
        assert off == lapsed == 0
    if roll_over == "no":
        assert carried == 0


@given(*[st.decimals(1, 10**6, places=2)] * 3, st.lists(MONEY, min_size=2), MONEY)
def test_a_higher_budget_is_never_likelier_to_break(a, b, c, amounts, so_far):
    p10, p50, p90 = sorted((a, b, c))
    chances = [chance_over(one, so_far, p50, p10, p90) for one in sorted(amounts)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= one <= 1 for one in chances)


def test_the_band_means_what_it_says():
    """Above p90 in one of ten cases, above p50 in one of two, above p10 in nine of ten; what is
    spent already is certain."""
    band = (D(1000), D(900), D(1200))
    chances = [chance_over(one, D(300), *band) for one in (D(1200), D(1000), D(900), D(299))]
    assert chances == [D("0.1"), D("0.5"), D("0.9"), 1]
    assert chance_over(D(1000), D(0), D(1000), D(1000), D(1000)) == 0
    ahead = [(date(2026, 9, n), D(100)) for n in range(5, 30)]
    assert reached_on(D(900), D(400), ahead) == date(2026, 9, 10)
    assert reached_on(D(2900), D(400), ahead) is None


@pytest.mark.parametrize(
    ("day", "used", "odds", "before", "level"),
    [
        (3, "10", "0.99", "0.99", ""),  # never before day 4
        (4, "10", "0.49", "0.99", ""),
        (4, "10", "0.50", None, "warn"),
        (9, "10", "0.95", "0.79", "warn"),  # one evening is no alert
        (9, "10", "0.80", "0.80", "alert"),
        (9, "60", "0.10", None, "warn"),  # 60 of 100 are used, and 60 % was to be told
        (1, "101", None, None, "breach"),
    ],
)
def test_an_alert_takes_two_evenings_and_a_breach_none(day, used, odds, before, level):
    plan = Plan((1, "", ""), "a", {}, D(100), "USD", "month", used_percents=(60,))
    told = [None if one is None else D(one) for one in (odds, before)]
    at = Standing(date(2026, 9, day), Period(date(2026, 9, 1), date(2026, 10, 1)), D(100), D(used),
                  *told)  # fmt: skip
    assert judged(plan, at)[0] == level


def budget(title: str = "Company", amount: str = "4400", **texts: str) -> Budget:
    return save_budget({"title": title, "amount": amount, "currency": "USD", **texts}, ME)


def status(title: str, day: date = LAST) -> BudgetStatus:
    return BudgetStatus.objects.get(budget__title=title, day=day)


@pytest.mark.django_db
def test_a_month_that_will_break_says_when_and_how_likely():
    """150.00 a day: 3,000 by the evening of the 20th, 4,500 in September. A budget of 4,400 is
    used up on the 30th; so it was seen on the 19th too."""
    build()
    budget()
    budget("Enough", "4600")
    budget("Search", "1999", filters="feature=search")
    EntityBudget.objects.create(dimension="feature", name="answers", amount=1600, currency="USD")
    Entity.objects.create(dimension="feature", name="answers", owner="Tom")
    remember(LAST)
    company = status("Company")
    assert (company.used, company.p50, company.amount) == (3000, 4500, 4400)
    assert (company.level, company.breach_on) == ("alert", date(2026, 9, 30))
    assert company.p10 <= company.p50 <= company.p90 and company.probability > D("0.8")
    assert (status("Enough").level, status("Enough").breach_on) == ("", None)
    assert (status("Search").level, status("Search").breach_on) == ("breach", LAST)
    told = [(one.budget.title, one.kind, one.amount, one.p50) for one in findings(LAST)]
    assert told == [("Search", "breach", 1999, 3000), ("Company", "alert", 4400, 4500)]
    named = BudgetStatus.objects.get(name="answers", day=LAST)
    assert (named.used, named.p50, named.level) == (1000, 1500, "")
    before = list(BudgetStatus.objects.values().order_by("day", "budget", "name"))
    remember(LAST)
    after = list(BudgetStatus.objects.values().order_by("day", "budget", "name"))
    for row in (*before, *after):
        del row["id"], row["made_at"]
    assert before == after


@pytest.mark.django_db
def test_per_unit_grows_with_the_use():
    """2.00 for 1,000 calls: 40,000 calls a day allow 80.00, and search costs 100.00. In September
    1.2 M calls allow 2,400 where 3,000 come; of 3.00 for 1,000 a quarter is left."""
    build()
    per = {"filters": "feature=search", "per": "inference", "per_count": "1000"}
    budget("Dear", "2", **per)
    budget("Fine", "3", **per)
    remember(LAST)
    dear, fine = status("Dear"), status("Fine")
    assert (dear.units, dear.units_p50, dear.amount) == (20 * CALLS, 30 * CALLS, 2400)
    assert (dear.used, dear.p50, dear.level) == (2000, 3000, "alert")
    assert (fine.amount, fine.level) == (3600, "")
    assert per_unit(D(2), 1000, 1_200_000) == 2400


def _service(rng) -> tuple[np.ndarray, np.ndarray]:
    """Cost and calls of 150 days from 1 May: calls that nobody can foresee well, at a price that
    wanders a little."""
    noise = np.zeros(150)
    for n in range(1, 150):
        noise[n] = 0.7 * noise[n - 1] + rng.normal(0, rng.uniform(0.05, 0.2))
    week = np.where((np.arange(150) + 4) % 7 >= 5, rng.uniform(0.3, 1), 1)
    calls = np.round(rng.uniform(1e4, 1e6) * week * np.exp(noise + rng.normal(0, 0.1)))
    price = 0.002 * np.exp(np.cumsum(rng.normal(0, 0.008, 150)) + rng.normal(0, 0.03, 150))
    return calls * price, calls


def test_the_odds_of_an_amount_per_unit_are_those_that_come():
    """Of 160 budgets near what a thousand calls cost before, seen on 12 September: as many end
    above as the odds say, and they say it better than odds that take the volume as known."""
    rng, month = np.random.default_rng(6), Period(date(2026, 9, 1), date(2026, 9, 28))
    days = [date(2026, 5, 1) + timedelta(days=n) for n in range(150)]
    told, naive, came = [], [], []
    for _ in range(160):
        cost, calls = _service(rng)
        series = [dict(zip(days, (D(f"{x:.2f}") for x in one), strict=True))
                  for one in (cost, calls)]  # fmt: skip
        seen = [{day: x for day, x in one.items() if day <= date(2026, 9, 12)} for one in series]
        look = per_unit_outlook(*seen, date(2026, 9, 12), date(2026, 9, 12), month)
        last = slice(days.index(date(2026, 8, 13)), days.index(date(2026, 9, 13)))
        rate = cost[last].sum() / calls[last].sum() * np.exp(rng.uniform(-0.07, 0.07))
        allowed = D(f"{rate * float(look.units.p50):.2f}")
        told.append(chance_over(allowed, D(0), look.cost.p50, look.p10, look.p90))
        naive.append(chance_over(allowed, D(0), look.cost.p50, look.cost.p10, look.cost.p90))
        inside = slice(days.index(month.start), None)
        came.append(cost[inside].sum() > rate * calls[inside].sum())
    told, naive, came = (np.array(one, float) for one in (told, naive, came))
    assert abs(told.mean() - came.mean()) < 0.06
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        some = (told >= low) & (told < high)
        assert some.sum() >= 10
        assert abs(told[some].mean() - came[some].mean()) < 0.2, (low, some.sum())
    assert ((told - came) ** 2).mean() < 0.8 * ((naive - came) ** 2).mean()


@pytest.mark.django_db
def test_what_july_left_is_for_september():
    """4,700 a month from July: July costs 4,650 and leaves 50, August too: 4,800 for September.
    With 4,600 the overspent 100 are missing there if all rolls over, and only then."""
    build()
    texts = {"valid_from": "2026-07-01"}
    budget("Saved", "4700", roll_over="unspent", **texts)
    budget("Owed", "4600", roll_over="all", **texts)
    budget("Forgiven", "4600", roll_over="unspent", **texts)
    remember(LAST)
    carried = {one: status(one).carried for one in ("Saved", "Owed", "Forgiven")}
    assert carried == {"Saved": 100, "Owed": -100, "Forgiven": 0}


@pytest.mark.django_db
def test_the_report_is_the_pure_function_on_the_same_series():
    build()
    day = LAST - timedelta(days=6)
    asked = Period(day, day + timedelta(days=1))
    rows = run(Spec("forecast", asked, EVERYBODY, group_by=("feature",))).rows
    days = np.arange(FIRST, day + timedelta(days=1), dtype="datetime64[D]")
    costs = np.array([[100.0] * days.size, [50.0] * days.size])
    panel = Panel(("search", "answers"), days, costs)
    found = month_end(panel, day)
    year = period_end(panel, day, date(2026, 1, 1), date(2027, 1, 1))
    for n, feature in enumerate(panel.series):
        shown = {row["horizon"]: row for row in rows if row["feature"] == feature}
        for pure, row in ((found, shown["month"]), (year, shown["year"])):
            for name in ("p50", "p10", "p90"):
                assert row[name] == D(repr(getattr(pure, name)[n].item())).quantize(D("0.01"))
        assert shown["month"]["so_far"] == costs[n][0] * 14
        assert shown["month"]["data_through"] == day
    early = run(Spec("forecast", Period(FIRST, FIRST + timedelta(days=3)), EVERYBODY)).rows[0]
    assert early["p50"] is None and "a week is needed" in early["reason"]


@pytest.mark.django_db
def test_an_experiment_is_to_stop_when_its_criteria_are_met():
    """`x` costs 10.00 a day and nobody has used it since the 12th; a pool of idle is left."""
    build()
    for first, last, state in ((1, 12, ("workload", "active")), (13, 20, ("idle", "held_idle"))):
        target = Target.objects.create(kind=state[0], state=state[1], experiment="x",
                                       activity="experimentation")  # fmt: skip
        for day in range(first, last + 1):
            CostDay.objects.create(
                day=date(2026, 9, day), billing_period=date(2026, 9, 1), source=source(),
                currency="USD", target=target, evidence="measured", billed_cost=10,
                effective_cost=10,
            )  # fmt: skip
    DayState.objects.all().delete()
    CostSum.objects.all().delete()
    sum_costs(source())
    days = {"period": "once", "valid_from": "2026-09-01", "valid_to": "2026-10-01"}
    texts = {"filters": "experiment=x", **days}
    budget("Trial", "1000", stop_on="2026-09-20", stop_unused_days="7", stop_points="1", **texts)
    budget("Patient", "350", stop_unused_days="9", stop_points="1", **texts)
    budget("Half", "390", stop_points="1", **texts)
    remember(LAST)
    assert status("Trial").stop == ("to be stopped by 2026-09-20; unused for 8 days, 7 are allowed")
    assert status("Patient").stop == status("Half").stop
    assert status("Half").stop == "no gain known with 50% of the budget used, 1 were to be"
    assert {status(one).level for one in ("Trial", "Patient", "Half")} == {"alert"}
    with pytest.raises(EntityRefused, match="one experiment"):
        budget("Other", "100", filters="feature=search", stop_on="2026-09-10")


FILE = """name,filters,amount,currency,period,roll_over,valid_from,owner
Company,,"50000.00",USD,month,,,Ann
Search,"feature=search, find; environment=prod",1200,USD,quarter,unspent,2026-01-01,
"""


@pytest.mark.django_db
def test_the_file_is_taken_whole_or_not_at_all():
    done = import_budgets(FILE, ME)
    assert (done.rows, done.added) == (2, 2)
    search = next(one for one in plans_on(LAST) if one.title == "Search")
    assert search.filters == {"environment": ("prod",), "feature": ("search", "find")}
    again = import_budgets(export_budgets(), ME)
    assert (again.added, again.changed, again.removed) == (0, 0, 0)
    wrong = FILE + "A,colour=red,5,USD,month,,,\nB,,-5,USD,month,,,\nCompany,,1,USD,month,,,\n"
    with pytest.raises(BadTable, match="line 6: Company stands already on line 2"):
        import_budgets(wrong, ME)
    wrong = wrong.replace("\nCompany,,1,", "\nC,,1,").replace("50000.00", "60000")
    with pytest.raises(BadTable) as refused:
        import_budgets(wrong, ME)
    lines = [str(one) for one in refused.value.problems]
    assert lines[0].startswith("line 4: filter 'colour' is none. Take one of feature")
    assert lines[1] == "line 5: a budget is above 0. Give the amount, such as 12000"
    assert len(lines) == 2
    assert Budget.objects.get(title="Company").amount == 50000
    assert import_budgets("name,amount,currency\nSearch,-,\n", ME).removed == 1
    history = EntityChange.objects.filter(dimension="budget").order_by("id")
    assert [(one.name, one.what) for one in history] == [
        ("Company", "added"), ("Search", "added"), ("Search", "removed"),
    ]  # fmt: skip


BALANCES = """name,kind,day,balance,currency,filters,ends_on
Vendor,prepaid,2026-09-01,"25000.00",USD,source=openai,
Cloud,commitment,2026-09-01,120000,USD,source=aws,2027-08-31
Vendor,prepaid,2026-09-15,21000,USD,source=openai,
"""


@pytest.mark.django_db
def test_balances_are_taken_whole_or_not_at_all(tmp_path, capsys):
    """A later file without filters speaks of the same money; what is wrong is named by its line."""
    done = import_balances(BALANCES, ME)
    assert str(done) == "3 rows: 3 balances added, 0 changed, 0 removed"
    assert str(import_balances(export_balances(), ME)).startswith("3 rows: 0 balances added, 0 ch")
    import_balances("name,day,balance,currency\nVendor,2026-10-01,18000,USD\n", ME)
    newest = CreditBalance.objects.get(title="Vendor", day=date(2026, 10, 1))
    assert (newest.balance, newest.filters) == (18000, {"source": ["openai"]})
    wrong = BALANCES + "A,gift,2026-09-01,5,USD,,\nB,commitment,2026-09-01,5,USD,,\n"
    with pytest.raises(BadTable) as refused:
        import_balances(wrong.replace("25000.00", "1"), ME)
    lines = [str(one) for one in refused.value.problems]
    assert lines[0].startswith("line 5: kind 'gift' is none")
    assert lines[1] == "line 6: a promise has a last day. Give the day it is to be spent by"
    with pytest.raises(BadTable, match="line 5: Vendor 2026-09-01 stands already on line 2"):
        import_balances(BALANCES + "Vendor,,2026-09-01,1,USD,,\n", ME)
    assert CreditBalance.objects.get(title="Vendor", day=date(2026, 9, 1)).balance == 25000
    file = tmp_path / "balances.csv"
    file.write_text("name,day,balance,currency\nVendor,2026-10-01,-,USD\n")
    call_command("budgets", "--import-balances", str(file), "--day", str(LAST))
    assert "1 removed" in capsys.readouterr().out
    call_command("budgets", "--export-balances")
    assert "Cloud" in (left := capsys.readouterr().out) and "Vendor" not in left


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"amount": "NaN"}, "no number|not a"),
        ({"currency": "dollars"}, "no currency code"),
        ({"period": "week"}, "period 'week' is none"),
        ({"period": "once"}, "has two days"),
        ({"roll_over": "all"}, "begins somewhere"),
        ({"per": "inference", "filters": "service=S3"}, "filter 'service' is none"),
        ({"warn_percent": "90"}, "the alert comes before"),
        ({"used_percents": "80, x"}, "no whole number"),
        ({"valid_from": "2026-09-01", "valid_to": "2026-09-01"}, "holds no day"),
        ({"filters": "search"}, "is no filter"),
        ({"note": "a\x00"}, "cannot be kept"),
    ],
)
def test_what_cannot_be_a_budget_says_so(texts, why):
    with pytest.raises(EntityRefused, match=why):
        budget(**texts)
    assert not Budget.objects.exists()


@pytest.mark.django_db
def test_the_command_takes_works_out_and_lists(tmp_path, capsys):
    build()
    file = tmp_path / "budgets.csv"
    file.write_text("name,amount,currency\nCompany,4400,USD\n")
    call_command("budgets", "--import", str(file), "--day", str(LAST), "--days", "2")
    shown = capsys.readouterr().out
    assert "1 budgets added" in shown and "4,500.00" in shown and "alert" in shown
    file.write_text("name,amount\nCompany,4400\n")
    with pytest.raises(CommandError, match="line 1: column currency is missing"):
        call_command("budgets", "--import", str(file))
    row = Budget.objects.get()
    assert set(texts_of(row)) == set(FIELDS)
    remove_budget(row, ME)
    assert not BudgetStatus.objects.exists()
