"""What finance reads of the ledger: every cent in one class, journals that balance, statements that
sum to the bill, revenue that is split and not lost."""

from datetime import date
from decimal import Decimal

from django.conf import settings as settings_of_django
from django.core.management import CommandError, call_command
import pytest

from aicost.accounts.models import AuditEvent, User
from aicost.accounts.people import add_user
from aicost.kernel.targets import STATES
from attribution.closing.months import close_month, reopen_month
from attribution.entities.changes import By
from attribution.entities.registry import set_parent
from attribution.finance import tables
from attribution.finance.conditions import holds
from attribution.finance.shapes import TableRefused
from attribution.models import CostDay, EstimatedDay, FinanceEdition, Target
from attribution.reports.spec import Asker
from ingest.models import Customer, Outcome, Source
from tests.attribution import world
from tests.attribution.books import (
    AUGUST,
    SEPTEMBER,
    SUMMER,
    D,
    add_up,
    ask,
    by,
    revenue,
    stand,
)  # fmt: skip
from tests.attribution.ledger import calls, delivery, source

pytestmark = pytest.mark.django_db


BY = By(reason="test")


def save_first(table: str, **row) -> None:
    """Put a row before those in force."""
    tables.save(table, [row, *tables.newest(table).rows], why="test")


@pytest.fixture
def company():
    """1 September: 60 of serving search in production, 10 of it held idle; 40 of training, 20 in
    staging, 5 of tax."""
    day = date(2026, 9, 1)
    stand(day, 50, feature="search", team="a", model="m", environment="prod")
    stand(day, 10, feature="search", team="a", kind="idle", state="held_idle")
    stand(day, 40, feature="search", team="a", activity="training")
    stand(day, 20, feature="search", team="b", environment="Staging")
    stand(day, 5, kind="shared", state="tax", activity="other")
    revenue(day, 200, feature="search")


def test_gross_margin_is_revenue_less_cost_of_revenue(company):
    assert by(ask("cost_class"), "cost_class") == {
        "cost_of_revenue": D(65), "research_and_development": D(60),
    }  # fmt: skip
    search, tax = ask("margin")
    money = ("cost_of_revenue", "research_cost", "other_class_cost", "cost")
    assert [search[name] for name in money] == [60, 60, 0, 120]
    assert (search["gross_margin"], search["gross_margin_percent"]) == (140, 70)
    assert (search["margin"], search["margin_percent"]) == (80, 40)
    assert (tax["line"], tax["cost_of_revenue"], tax["gross_margin"]) == ("shared", 5, None)


def test_a_class_is_changed_for_a_team_from_a_month_on(company):
    stand(date(2026, 8, 3), 7, feature="search", team="b", environment="staging")
    save_first("cost_classes", cost_class="sales_and_marketing", team="B", valid_from="2026-09-01")
    rows = ask("cost_class", SUMMER, granularity="month", group_by=("team",), filters={"team": "b"})
    assert [(r["period"].month, r["cost_class"], r["cost"]) for r in rows] == [
        (8, "research_and_development", 7), (9, "sales_and_marketing", 20),
    ]  # fmt: skip
    only = {"cost_class": ("sales_and_marketing",)}
    assert by(ask("cost_class", SUMMER, filters=only), "period") == {SUMMER.start: D(20)}
    (edition,) = tables.history("cost_classes")
    assert (edition.version, edition.why) == (1, "test")
    event = AuditEvent.objects.get(action=tables.TABLE_SAVED)
    assert event.detail["added"][0]["team"] == "B" and event.detail["removed"] == []
    tables.revert("cost_classes", 0)
    assert tables.newest("cost_classes").rows == tables.built_in("cost_classes")


def test_conditions_read_what_people_write():
    assert holds("dev*, qa", "Dev-2") and holds("!prod", "") and holds("(none)", None)
    assert holds("Cost-Centre 7", "cost_centre7") and holds("", "anything")
    assert not holds("!prod, live", "Prod") and not holds("dev", "") and not holds("(none)", "x")


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("cost_classes", {"cost_class": "cogs"}, "'cogs' is none of cost_of_revenue"),
        ("cost_classes", {"cost_class": "other", "activity": "serving"}, "'serving' is none of"),
        ("cost_classes", {"cost_class": "other", "valid_from": "2026-09-15"}, "within a month"),
        ("cost_classes", {"cost_class": "other", "colour": "red"}, "no column 'colour'"),
        ("accounts", {"side": "debit"}, "row 1, account: is needed"),
        ("revenue_splits", {"by": "shares", "features": "a=1"}, "neither product nor plan"),
        ("revenue_splits", {"product": "p", "by": "shares", "features": "a=x"}, "feature=share"),
        ("revenue_splits", {"product": "p", "by": "shares", "features": "a=0"}, "sum to nothing"),
    ],
)
def test_it_says_what_is_wrong_with_a_row(table, row, reason):
    with pytest.raises(TableRefused, match=reason):
        save_first(table, **row)
    assert not FinanceEdition.objects.exists()


def test_every_cent_needs_a_last_row_and_nobody_overwrites_another():
    rows = tables.built_in("cost_classes")
    with pytest.raises(TableRefused, match="some money would have none"):
        tables.save("cost_classes", rows[:-1])
    with pytest.raises(TableRefused, match="the last rounding account is missing"):
        tables.save("accounts", tables.built_in("accounts")[:-1])
    tables.save("cost_classes", rows[1:], based_on=0)
    with pytest.raises(TableRefused, match="somebody saved version 1 meanwhile"):
        tables.save("cost_classes", rows[2:], based_on=0)


def test_tables_go_out_and_come_in_as_files_without_formulas(tmp_path, capsys):
    save_first("accounts", side="debit", account="=5000", name="-Ops", team="a")
    call_command("finance", "accounts")
    text = capsys.readouterr().out
    assert "debit,'=5000,'-Ops" in text
    assert tables.from_csv("accounts", text) == tables.newest("accounts").rows
    file = tmp_path / "accounts.csv"
    file.write_text(text.replace("'=5000", "5000"))
    call_command("finance", "accounts", "--import", str(file), "--why", "new chart")
    call_command("finance", "accounts", "--history")
    assert "command line  new chart" in capsys.readouterr().out
    file.write_text("side,account\nnowhere,1\n")
    with pytest.raises(CommandError, match="row 1, side: 'nowhere' is none of"):
        call_command("finance", "accounts", "--import", str(file))


def test_the_journal_balances_in_cents_and_names_what_rounding_left(capsys):
    for team in ("a", "b", "c"):
        stand(date(2026, 9, 1), "0.334", team=team)
    stand(date(2026, 9, 2), "-5", team="a", activity="training")
    save_first("accounts", side="debit", account="5011", name="Ops", book_to="CC-1", team="c")
    rows = ask("journal", estimates="left_out")
    assert [(r["account"], r["debit"], r["credit"], r["cost_centre"]) for r in rows] == [
        ("5010", D("0.33"), None, ""), ("5010", D("0.33"), None, ""),
        ("5011", D("0.33"), None, "CC-1"), ("6010", None, D("5.00"), ""),
        ("2010", D("4.00"), None, ""), ("6990", D("0.01"), None, ""),
    ]  # fmt: skip
    again = ask("journal", estimates="left_out")
    assert len({r["reference"] for r in rows}) == len(rows) and again == rows
    CostDay.objects.filter(effective_cost=-5).update(effective_cost=-6)
    add_up(date(2026, 9, 2))
    same = {r["reference"] for r in ask("journal", estimates="left_out")}
    assert same == {r["reference"] for r in rows}
    call_command("journal", "2026-09")
    assert "'" not in capsys.readouterr().out.splitlines()[1]
    with pytest.raises(CommandError, match="'2026' is no month"):
        call_command("journal", "2026")


def test_what_is_used_but_not_billed_is_accrued_and_reversed():
    stand(date(2026, 9, 1), 10, team="a", model="m")
    Source.objects.filter(name="aws").update(state={"final_through": "2026-09-01"})
    odd = stand(date(2026, 9, 1), 0, team="a", model="odd").target
    for day, model, target, cost in (
        (2, "m", Target.objects.get(model="m"), D("2.5")), (3, "odd", odd, None)
    ):  # fmt: skip
        EstimatedDay.objects.create(
            day=date(2026, 9, day), source=source("aws"), target=target, model=model,
            currency="USD", estimated_cost=cost,
        )  # fmt: skip
    (row,) = ask("accruals")
    told = ("team", "cost", "accrued_cost", "unpriced", "account", "accrued_account")
    assert [row[name] for name in told] == ["a", 10, D("2.5"), "yes", "5010", "2150"]
    assert row["reverses_on"] == date(2026, 10, 1)
    rows = ask("journal")
    found = [(r["entry"], r["date"].isoformat(), r["account"], r["debit"], r["credit"])
             for r in rows if r["entry"] != "cost"]  # fmt: skip
    assert found == [
        ("accrual", "2026-09-30", "5010", D("2.50"), None),
        ("accrual", "2026-09-30", "2150", None, D("2.50")),
        ("reversal", "2026-10-01", "5010", None, D("2.50")),
        ("reversal", "2026-10-01", "2150", D("2.50"), None),
    ]


def test_statements_and_what_no_team_has_sum_to_the_bill():
    world.build()
    for pools in ("shown", "spread"):
        rows = ask("statement", idle=pools, shared=pools)
        assert sum(row["cost"] for row in rows) == D(100), pools
        assert sum(row["previous"] for row in rows) == D(8), pools
    shown = by(ask("statement"), "team", "line", "section")
    assert shown[("a", "owned", "used")] == 50 and shown[("a", "owned", "own_idle")] == 10
    assert shown[("", "idle", "own_idle")] == 20 and shown[("", "shared", "own_shared")] == 2
    charged = by(ask("statement", idle="spread", shared="spread"), "team", "section")
    assert charged[("a", "share_of_idle")] > 0 and ("", "own_idle") not in charged
    mine = ask("statement", asker=Asker("engineer", ("b",)))
    assert [(row["team"], row["cost"]) for row in mine] == [("b", D(5))]
    assert ask("statement", filters={"team": ("b",)}) == mine


def test_a_statement_names_corrections_of_earlier_months_beside_the_bill():
    stand(date(2026, 9, 3), 10, team="a", model="m")
    stand(date(2026, 8, 3), 4, team="a", model="m")
    stand(date(2026, 8, 4), -1, team="a", model="m", billed_in=SEPTEMBER.start)
    rows = ask("statement")
    assert [(r["section"], r["cost"], r["previous"], r["beside"]) for r in rows] == [
        ("used", 10, 3, 0), ("correction", 0, 0, -1),
    ]  # fmt: skip


def test_departments_and_cost_centres_have_statements_and_are_booked():
    for day, amount, team in ((1, 10, "a"), (20, 5, "a"), (2, 7, "b")):
        stand(date(2026, 9, day), amount, team=team)
    stand(date(2026, 8, 20), -2, team="a", billed_in=SEPTEMBER.start)
    middle = date(2026, 9, 15)
    set_parent("team", "a", "department", "Growth", BY, (None, middle))
    set_parent("team", "a", "department", "Core", BY, (middle, None))
    set_parent("department", "Growth", "cost_centre", "4100", BY)
    rows = ask("statement", group_by=("department",))
    assert by(rows, "department") == {"Growth": 10, "Core": 5, "": 7}
    assert {r["department"]: r["beside"] for r in rows if r["section"] == "correction"} == {
        "Growth": -2,
    }  # fmt: skip
    assert by(ask("statement", group_by=("cost_centre",)), "cost_centre") == {"4100": 10, "": 12}
    only = ask("statement", group_by=("department",), filters={"department": ("Core",)})
    assert by(only, "department") == {"Core": 5}
    booked = ask("journal", estimates="left_out")
    debits = [(r["cost_centre"], r["team"], r["debit"]) for r in booked if r["debit"]]
    assert debits == [("", "a", 5), ("", "b", 7), ("4100", "a", 10)]


def test_a_closed_month_keeps_its_classes_and_its_statement_gets_a_true_up():
    stand(date(2026, 8, 3), 10, team="a", model="m")
    add_user("dana", "correct-horse-battery", role="finance")
    close = close_month(AUGUST.start, User.objects.get(username="dana"), "a test")
    save_first("cost_classes", cost_class="other")
    assert by(ask("cost_class", AUGUST), "cost_class") == {"cost_of_revenue": D(10)}
    stand(date(2026, 8, 9), 3, team="a", model="m")
    stand(date(2026, 9, 1), 20, team="a", model="m")
    assert by(ask("cost_class", SUMMER), "cost_class") == {"cost_of_revenue": D(13), "other": D(20)}
    (used, true_up) = ask("statement")
    assert (used["cost"], used["previous"]) == (20, 13)
    assert (true_up["section"], true_up["cost"], true_up["beside"]) == ("true_up", 0, 3)
    reopen_month(close.month, close.closed_by, "a test")
    assert by(ask("cost_class", SUMMER), "cost_class") == {"other": D(33)}


def test_bundled_revenue_is_split_by_shares_by_use_and_by_plan():
    day = date(2026, 9, 10)
    revenue(day, 90, feature="suite")
    revenue(day, 10, feature="search")
    revenue(day, 30, feature="", customer="c1")
    Customer.objects.create(customer="c1", plan="enterprise")
    calls("m", 1, day=date(2026, 9, 1), feature="search")
    calls("m", 2, day=date(2026, 9, 29), feature="answers")
    of = source("business", "business")
    Outcome.objects.create(
        source=of, delivery=delivery(of), day=day, name="orders", feature="answers", count=7
    )

    def earned(by_what: str, features: str, **row) -> dict:
        told = {"product": "suite", "by": by_what, "features": features} | row
        tables.save("revenue_splits", [told])
        return {k: v for k, v in by(ask("margin"), "feature", of="revenue").items() if v}

    untouched = {"suite": 90, "search": 10, "": 30}
    assert earned("shares", "search=1, answers=2") == {"search": 40, "answers": 60, "": 30}
    assert earned("shares", "search=0.5, answers=0.25") == {"search": 70, "answers": 30, "": 30}
    assert earned("requests", "search, answers") == {"search": 40, "answers": 60, "": 30}
    assert earned("requests", "search=2, answers") == {"search": 55, "answers": 45, "": 30}
    assert earned("outcomes", "search, answers") == {"search": 10, "answers": 90, "": 30}
    assert earned("outcomes", "nobody") == untouched
    assert earned("shares", "search", valid_from="2026-10-01") == untouched
    plan = {"product": "(none)", "plan": "Enterprise"}
    assert earned("shares", "search", **plan) == {"suite": 90, "search": 40}


def test_it_says_how_much_of_the_bill_is_ai():
    world.build()
    (row,) = ask("ai_share")
    parts = ("ai_cost", "shared_cost", "other_cost", "cost")
    assert [row[name] for name in parts] == [80, 2, 18, 100]
    assert row["ai_percent"] == 80 and round(row["ai_percent_of_used"], 2) == D("81.63")


def test_the_worked_example_of_the_documentation():
    page = (settings_of_django.BASE_DIR / "docs" / "finance.md").read_text(encoding="utf-8")
    for row in shown(page, "costs"):
        cost = row.pop("cost")
        stand(date(2026, 9, 1), cost, state=STATES[row["kind"]][0], **row)
    revenue(date(2026, 9, 1), 2000, feature="suite")
    revenue(date(2026, 9, 1), 100, feature="assistant")
    split = {"product": "suite", "by": "shares", "features": "search=3, assistant=2"}
    tables.save("revenue_splits", [split])
    for name, rows in (
        ("classes", ask("cost_class")),
        ("margin", [row for row in ask("margin") if row["revenue"] is not None]),
        ("journal", ask("journal", estimates="left_out")),
    ):
        told = shown(page, name)
        found = [{key: written(row[key]) for key in told[0]} for row in rows]
        if name == "classes":
            found = [{"cost_class": k, "cost": written(v)}
                     for k, v in by(rows, "cost_class").items()]  # fmt: skip
        assert found == told, name
    of_teams = by(ask("statement"), "team")
    assert of_teams == {"search": 950, "care": D("350.005"), "": 50}


def shown(page: str, name: str) -> list[dict[str, str]]:
    """The table of the page below its mark."""
    lines = page.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def written(value) -> str:
    """As the page writes it: at least two decimals; a description without its beginning."""
    if isinstance(value, Decimal):
        plain = f"{value.normalize():f}"
        return plain if len(plain.partition(".")[2]) > 2 else f"{value:.2f}"
    return "" if value is None else value.rpartition(": ")[2]
