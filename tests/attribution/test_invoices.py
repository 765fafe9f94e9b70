"""Billed, attributed, paid: the difference is explained in parts that add up to it exactly."""

from datetime import date
from decimal import Decimal
import os

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from aicost.accounts.models import AuditEvent
from aicost.accounts.people import add_user
from aicost.kernel.periods import Period
from attribution.allocate import attribute
from attribution.closing.payments import (
    BadFile,
    PaymentRefused,
    import_payments,
    parse,
    remove_payment,
    save_payment,
)
from attribution.closing.tieout import LEAVES_OUT, PARTS, Billed, Paid, explained, paid_total
from attribution.models import InvoicePaid, InvoicePaidChange
from attribution.reports import run
from attribution.reports.spec import Asker, NotAllowed, Spec
from ingest.models import ChangedDay, Charge, FxRate, Source
from tests.attribution.ledger import DAY, charge, source

CASES = int(os.environ.get("AICOST_PROPERTY_CASES", "60"))
D = Decimal
FINANCE = Asker(role="finance")
SEPTEMBER = Period(DAY, date(2026, 10, 1))
HEADER = "source,billing_period,invoice_id,currency,amount,paid_on,reference,leaves_out,tax_on_top,"
HEADER += "paid_currency,settles,note\n"


def bill() -> None:
    """aws: invoice INV-1 of 100.004 with tax 8 and a credit of -5, and 3 without an id; azure in
    EUR; a marketplace seller on aws."""
    for billed, more in (
        ("97.004", {"sku_id": "use"}),
        ("8", {"charge_category": "Tax"}),
        ("-5", {"charge_category": "Credit"}),
        ("20", {"sku_id": "seller", "extras": {"BillingEntity": "AWS Marketplace"}}),
    ):
        one = charge(billed, **more)
        Charge.objects.filter(id=one).update(invoice_id="INV-1")
    charge("3", sku_id="no id")
    charge("500", of=source("azure"), billing_currency="EUR", sku_id="vm")
    attribute()


def line(invoice: str = "INV-1", of: str = "aws") -> dict:
    rows = run(Spec("invoices", SEPTEMBER, FINANCE, filters={"source": (of,)})).rows
    [found] = [row for row in rows if row["invoice"] == invoice]
    if found["difference"] is not None:
        assert sum(found[name] for name in PARTS) == found["difference"]
    return found


def told(row: dict) -> dict:
    return {name: row[name] for name in PARTS if row[name]}


def pay(amount: str, user=None, **more) -> InvoicePaid:
    given = {"source": "aws", "billing_period": "2026-09", "invoice_id": "INV-1"}
    given |= {"currency": "USD", "amount": amount, "paid_on": "2026-10-20", **more}
    return save_payment(parse(given), user)[0]


@pytest.mark.django_db
def test_it_sets_paid_beside_billed_and_names_every_difference():
    bill()
    row = line()
    assert (row["billed"], row["attributed"], row["residual"]) == (D("120.004"), D("120.004"), 0)
    assert (row["paid"], row["difference"], row["unexplained"]) == (None, None, None)
    assert line("")["billed"] == D(3)

    pay("120.00")
    assert told(line()) == {"rounding": D("-0.004")}
    pay("119.00")
    assert told(line()) == {"rounding": D("-0.004"), "unexplained": D("-1")}
    pay("97.00", leaves_out="tax, marketplace, credits")
    assert told(line()) == {
        "tax": D(-8),
        "credits": D(5),
        "marketplace": D(-20),
        "rounding": D("-0.004"),
    }
    pay("142.80", tax_on_top="22.80")
    assert told(line()) == {"tax": D("22.8"), "rounding": D("-0.004")}

    # The bill is restated after it was paid.
    Charge.objects.filter(series__charge_category="Tax").update(billed_cost="9.5")
    ChangedDay.objects.create(source=source(), day=DAY, what="charges")
    attribute()
    assert told(line()) == {
        "tax": D("22.8"),
        "restated_after_payment": D("-1.5"),
        "rounding": D("-0.004"),
    }
    # What the bill then had more is paid as well, under a reference of its own.
    pay("1.50", reference="rest")
    assert line()["paid"] == D("144.30")
    assert told(line()) == {"tax": D("22.8"), "rounding": D("-0.004")}


@pytest.mark.django_db
def test_it_keeps_unknown_unknown():
    bill()
    euro = {"source": "azure", "currency": "EUR", "invoice_id": ""}
    pay("550", paid_currency="USD", **euro)
    row = line("", "azure")
    assert (row["paid"], row["difference"]) == (None, None)
    assert "no rate USD to EUR for 2026-09" in row["message"]
    FxRate.objects.create(month=DAY, from_currency="USD", to_currency="EUR", rate="0.9")
    assert told(line("", "azure")) == {"unexplained": D("-5")}
    pay("550", paid_currency="USD", settles="500", **euro)
    row = line("", "azure")
    assert (row["paid"], told(row)) == (D(495), {"exchange": D(-5)})
    # No charge carries the invoice: what was paid is not loaded yet, until the bill is final.
    Source.objects.filter(name="aws").update(state={"final_through": "2026-09-29"})
    pay("77", invoice_id="INV-2")
    row = line("INV-2")
    assert (row["billed"], row["state"], told(row)) == (None, "not final", {"not_loaded": D(77)})
    Source.objects.filter(name="aws").update(state={})
    assert told(line("INV-2")) == {"unexplained": D(77)}
    with pytest.raises(NotAllowed):
        run(Spec("invoices", SEPTEMBER, Asker("finance", ("search",))))


@pytest.mark.django_db
def test_it_imports_a_file_whole_or_not_at_all_and_keeps_every_change():
    bill()
    who = add_user("dana", "correct-horse-battery", role="finance")
    rows = (
        "aws,2026-09,INV-1,USD,120.00,2026-10-20,wire 7,tax;credits,,,,first\n"
        "azure,2026-09,,EUR,550,2026-10-21,,,,USD,500,\n"
    )
    assert import_payments((HEADER + rows).encode(), "paid.csv", who) == {
        "entered": 2, "changed": 0, "unchanged": 0,
    }  # fmt: skip
    again = (HEADER + rows.replace("120.00", "120.0").replace("first", "second")).encode()
    assert import_payments(again, "paid.csv", who)["changed"] == 1
    assert import_payments(again, "paid.csv", who)["unchanged"] == 2
    payment = InvoicePaid.objects.get(invoice_id="INV-1")
    remove_payment(payment, who)
    history = InvoicePaidChange.objects.filter(payment_id=history_id(payment)).order_by("id")
    assert [(one.what, one.said["note"], one.by) for one in history] == [
        ("entered", "first", who),
        ("changed", "second", who),
        ("removed", "second", who),
    ]
    assert AuditEvent.objects.filter(action="invoices_imported", user=who).count() == 3

    wrong = (
        "aws,2026-09,INV-3,USD,1 000,2026-10-20,,,,,,\n"
        "aws,September,INV-3,USD,1000,2026-10-20,,,,,,\n"
        "gcp,2026-09,INV-3,USD,1000,2026-10-20,,,,,,\n"
        "aws,2026-09,INV-4,USD,1,2026-10-20,,vat,,,,\n"
        "aws,2026-09,INV-5,USD,1,2026-10-20,,,,,1,\n"
        "aws,2026-09,INV-6,USD,1,2026-10-20,,,,,,\n"
        "aws,2026-09,INV-6,USD,2,2026-10-20,,,,,,\n"
    )
    with pytest.raises(BadFile) as refused:
        import_payments((HEADER + wrong).encode(), "wrong.csv", who)
    assert [(n, what.split(":")[0]) for n, what, _ in refused.value.rows] == [
        (2, "amount"),
        (3, "billing_period"),
        (4, "source"),
        (5, "leaves_out"),
        (6, "it was paid in the invoice's own currency"),
        (8, "the same payment as in line 7"),
    ]
    assert all(cure for _, _, cure in refused.value.rows)
    for data in (b"", b"\xff", b"source\naws\n", (HEADER + "aws,2026-09\n").encode()):
        with pytest.raises(BadFile, match="nothing was imported"):
            import_payments(data, "wrong.csv", who)
    assert InvoicePaid.objects.count() == 1
    other = pay("5", invoice_id="INV-7")
    with pytest.raises(PaymentRefused, match="has such a payment already"):
        values = parse({"source": "azure", "billing_period": "2026-09", "currency": "EUR",
                        "amount": "1", "paid_on": "2026-10-20"})  # fmt: skip
        save_payment(values, who, other)


def history_id(payment: InvoicePaid) -> int:
    return InvoicePaidChange.objects.get(what="removed", said__note=payment.note).payment_id


money = st.decimals(min_value=-(10**9), max_value=10**9, places=18)
bills = st.builds(Billed, money, money, money, money)
payments = st.lists(
    st.builds(
        Paid,
        st.none() | money,
        st.none() | money,
        money,
        st.lists(st.sampled_from(LEAVES_OUT), unique=True).map(tuple),
        st.none() | bills,
    ),
    max_size=3,
)


@settings(max_examples=CASES, deadline=None)
@given(st.none() | bills, payments, st.sampled_from(["USD", "JPY", "KWD"]), st.booleans())
def test_the_parts_add_up_whatever_was_billed_and_paid(billed, paid, currency, final):
    parts, total = explained(billed, paid, currency, final), paid_total(paid)
    if total is None:
        assert set(parts.values()) == {None}
    else:
        assert sum(parts.values()) == total - (billed.billed if billed else 0)
        assert parts["unexplained" if not final else "not_loaded"] == 0
