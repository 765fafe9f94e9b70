"""Loading bills: what stands in the ledger after each delivery, exactly."""

from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
import pytest

from ingest import publish
from ingest.load import load
from ingest.models import ChangedDay, Charge, Delivery, Restatement
from tests.ingest.bills import focus_row, ledger, write_focus

pytestmark = pytest.mark.django_db


@pytest.fixture
def september(home):
    """Two machines on two days of September."""
    return write_focus(
        home / "september.csv",
        focus_row("a", "2026-09-01", "10"),
        focus_row("b", "2026-09-01", "20.5"),
        focus_row("a", "2026-09-02", "30"),
    )


def states(results):
    return [result.state for result in results]


def changed_days():
    found = sorted(str(day) for day in ChangedDay.objects.values_list("day", flat=True))
    ChangedDay.objects.all().delete()
    return found


def test_it_loads_a_bill_and_tells_which_days_changed(september):
    [result] = load([september])

    assert (result.state, result.source, result.reader) == ("published", "focus", "focus")
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (3, 3, 0)
    assert (result.billed_cost, result.currency) == (Decimal("60.5"), "USD")
    assert result.billing_periods == ("2026-09",)
    assert ledger() == [
        ("focus", "a", "2026-09-01", "10"),
        ("focus", "b", "2026-09-01", "20.5"),
        ("focus", "a", "2026-09-02", "30"),
    ]
    assert changed_days() == ["2026-09-01", "2026-09-02"]


def test_it_does_nothing_when_the_same_bytes_come_again(september):
    load([september])
    before = list(Charge.objects.order_by("id").values())
    changed_days()

    again = load([september])

    assert states(again) == ["unchanged"]
    assert list(Charge.objects.order_by("id").values()) == before
    assert Delivery.objects.count() == 1
    assert changed_days() == []


def test_it_does_not_care_in_which_order_files_or_rows_come(september, home):
    rest = write_focus(home / "rest.csv", focus_row("c", "2026-09-03", "1"))
    shuffled = write_focus(
        home / "shuffled.csv",
        focus_row("c", "2026-09-03", "1"),
        focus_row("a", "2026-09-02", "30"),
        focus_row("b", "2026-09-01", "20.5"),
        focus_row("a", "2026-09-01", "10"),
    )
    load([september, rest])
    first, ids = ledger(), sorted(Charge.objects.values_list("id", flat=True))

    assert states(load([rest, september])) == ["unchanged"]
    assert states(load([shuffled])) == ["published"]
    assert ledger() == first
    assert sorted(Charge.objects.values_list("id", flat=True)) == ids


def test_it_restates_a_month_and_keeps_the_charges_that_are_the_same(september, home):
    load([september])
    kept = Charge.objects.get(series__resource_id="a", day="2026-09-01").pk
    changed_days()
    second = write_focus(
        home / "second.csv",
        focus_row("a", "2026-09-01", "10"),
        focus_row("b", "2026-09-01", "21"),
        focus_row("c", "2026-09-03", "7"),
    )

    load([second], replace=True)

    assert ledger() == [
        ("focus", "a", "2026-09-01", "10"),
        ("focus", "b", "2026-09-01", "21"),
        ("focus", "c", "2026-09-03", "7"),
    ]
    assert Charge.objects.get(series__resource_id="a").pk == kept
    restated = Restatement.objects.get()
    assert restated.billed_delta == Decimal("-22.5")
    assert (restated.charges_added, restated.charges_changed, restated.charges_removed) == (1, 1, 1)
    assert changed_days() == ["2026-09-01", "2026-09-02", "2026-09-03"]
    assert [d.state for d in Delivery.objects.order_by("pk")] == ["superseded", "published"]


def test_it_takes_back_a_restatement_when_the_first_file_comes_again(september, home):
    load([september])
    load([write_focus(home / "second.csv", focus_row("a", "2026-09-01", "50"))], replace=True)

    assert states(load([september])) == ["published"]
    assert [row[3] for row in ledger()] == ["10", "20.5", "30"]


def test_it_holds_a_month_of_less_than_half_and_asks(september, home):
    load([september])
    before = ledger()
    stray = write_focus(
        home / "stray.csv",
        focus_row("z", "2026-09-05", "1"),
        focus_row("z", "2026-10-05", "2"),
    )

    [held] = load([stray])

    assert held.state == "held"
    assert "--replace" in held.message and "--part-of" in held.message
    assert ledger() == before

    assert states(load([stray], part_of=True)) == ["published", "published"]
    assert sorted(ledger()) == sorted(
        [*before, ("focus", "z", "2026-09-05", "1"), ("focus", "z", "2026-10-05", "2")]
    )


def test_it_holds_the_bill_of_an_account_that_stands_under_another_source(september, home):
    load([september], "mine")
    other = write_focus(home / "other.csv", focus_row("a", "2026-09-01", "99"))

    [held] = load([other], "yours")

    assert held.state == "held"
    assert "'mine'" in held.message
    assert {row[0] for row in ledger()} == {"mine"}


def test_it_holds_the_same_bill_in_another_format(home):
    aws = {"ProviderName": "AWS", "InvoiceIssuerName": "Amazon Web Services, Inc."}
    row = focus_row("a", "2026-09-01", "1", BillingAccountId="1", **aws)
    load([write_focus(home / "focus.csv", row)], "aws")
    cur = Path(__file__).parent / "goldens" / "aws_cur" / "plain" / "input.csv"

    for source in ("aws", None):
        [held] = load([cur], source)
        assert held.state == "held"
        assert "source 'aws', read as focus" in held.message
    assert ledger() == [("aws", "a", "2026-09-01", "1")]


def test_it_merges_rows_of_a_day_and_keeps_the_end_of_longer_ones(home):
    month = {"ChargePeriodStart": "2026-09-01", "ChargePeriodEnd": "2026-10-01T00:00:00Z"}
    load(
        [
            write_focus(
                home / "bill.csv",
                focus_row("a", "2026-09-01", "1"),
                focus_row("a", "2026-09-01", "2", ChargePeriodEnd="2026-09-02T03:00:00Z"),
                focus_row("a", "2026-09-01", "30", **month),
            )
        ]
    )

    assert [
        (str(c.day), c.long_period_end and c.long_period_end.isoformat(), c.rows, c.billed_cost)
        for c in Charge.objects.order_by("billed_cost")
    ] == [
        ("2026-09-01", None, 2, Decimal(3)),
        ("2026-09-01", "2026-10-01T00:00:00+00:00", 1, Decimal(30)),
    ]


def test_it_keeps_unknown_apart_from_zero(home):
    load(
        [
            write_focus(
                home / "bill.csv",
                focus_row("known", "2026-09-01", "1", ListCost="0"),
                focus_row("partly", "2026-09-01", "1", ListCost="5"),
                focus_row("partly", "2026-09-01", "1", ListCost="NULL"),
            )
        ]
    )

    costs = dict(Charge.objects.values_list("series__resource_id", "list_cost"))
    assert costs == {"known": Decimal(0), "partly": None}


def test_it_keeps_what_was_written_beside_what_is_stored(home):
    fine = ["0.0000000000000000005", "0.0000000000000000015", "1.23456789012345678e-05"]
    rows = [focus_row(f"r{n}", "2026-09-01", cost) for n, cost in enumerate(fine)]
    [result] = load([write_focus(home / "fine.csv", *rows)])

    # Half to even: the first goes down to nothing, the second up to two quanta.
    assert [row[3] for row in ledger()] == ["0", "0.000000000000000002", "0.000012345678901235"]
    total = Delivery.objects.get(pk=result.delivery).totals.get()
    assert total.billed_written == sum(map(Decimal, fine))
    assert total.billed_cost == Decimal("0.000012345678901237")


def test_it_publishes_several_currencies_side_by_side(home):
    rows = (
        focus_row("a", "2026-09-01", "1"),
        focus_row("a", "2026-09-01", "2", BillingCurrency="EUR"),
    )
    [result] = load([write_focus(home / "two.csv", *rows)])

    assert (result.billed_cost, result.currency) == (None, None)
    assert [(t["currency"], t["billed_cost"]) for t in result.totals] == [
        ("EUR", "2"),
        ("USD", "1"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("BilledCost", "1_000", "'1_000' is no amount"),
        ("BilledCost", "$5.00", "'$5.00' is no amount"),
        ("EffectiveCost", "", "no amount is given"),
        ("ListCost", "1,5", "'1,5' is no amount"),
        ("ChargePeriodStart", "2026-02-30T00:00:00Z", "'2026-02-30T00:00:00Z' is no time"),
        ("ChargePeriodEnd", "tomorrow", "'tomorrow' is no time"),
    ],
)
def test_it_holds_the_whole_set_for_one_bad_value_and_names_its_line(
    september, home, column, value, told
):
    bad = write_focus(
        home / "bad.csv",
        focus_row("a", "2026-09-01", "1", ServiceName="two\nlines"),
        focus_row("b", "2026-09-01", "1") | {column: value},
    )

    [held] = load([september, bad])

    assert held.state == "held"
    assert f"bad.csv, line 4: column {column}: {told}" in held.message
    assert ledger() == []


def test_it_holds_a_set_whose_header_lacks_a_column(home):
    path = home / "lacking.csv"
    path.write_text("BilledCost,ChargePeriodStart,ChargeCategory\n1,2026-09-01,Usage\n")

    [held] = load([path])

    assert "the column EffectiveCost is missing" in held.message


@pytest.mark.django_db(transaction=True)
def test_it_leaves_what_stood_when_a_load_dies_in_the_middle(september, home, monkeypatch):
    load([september])
    before = ledger()
    second = write_focus(home / "second.csv", *(focus_row(r, "2026-09-04", "40") for r in "xyz"))
    killed = "select pg_terminate_backend(pg_backend_pid())"
    execute = publish._execute

    def die_after_removing(name, **binds):
        execute(name, **binds)
        if name == "remove_charges":
            with connection.cursor() as cursor:
                cursor.execute(killed)

    monkeypatch.setattr(publish, "_execute", die_after_removing)
    with pytest.raises(Exception, match="terminat|closed"):
        load([second])
    monkeypatch.undo()
    connection.close()

    assert ledger() == before
    assert Delivery.objects.count() == 1
    with transaction.atomic():
        assert states(load([second])) == ["published"]
    assert len(ledger()) == 3
