"""Close in the browser: blockers with their cure, invoices tied out, close, restate, reopen."""

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
import pytest

from aicost.accounts.models import AuditEvent
from attribution.allocate import attribute
from attribution.models import InvoicePaid, MonthClose
from ingest.models import Charge
from tests.attribution.ledger import DAY, charge, source

PAID = {"source": "aws", "billing_period": "2026-09", "invoice_id": "INV-1", "currency": "USD"}
PAID |= {"amount": "100.00", "paid_on": "2026-10-20"}


@pytest.fixture
def bill(people):
    one = charge("100.004", tags={"team": "search"}, sku_id="a")
    Charge.objects.filter(id=one).update(invoice_id="INV-1")
    charge("7", sku_id="b")
    charge("9", of=source("llm"), day=date(2026, 8, 3), sku_id="c")
    attribute()


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_month_from_blocked_to_closed_to_restated_to_reopened(client, people, visit, bill):
    page = text(visit("finance", "/close/?month=2026-09"))
    assert "<b>September 2026 cannot be closed yet</b>: 1 thing in the way" in page
    assert "llm has no charges in September 2026" in page and 'href="/upload/"' in page
    refused = client.post("/close/2026-09/close/")
    assert refused.status_code == 409 and "cannot be closed: llm has no charges" in text(refused)
    assert not MonthClose.objects.exists()
    done = client.post("/close/2026-09/close/", {"why": "llm was cancelled in August"})
    assert (done.status_code, done["location"]) == (302, "/close/?month=2026-09")
    page = text(client.get("/close/?month=2026-09"))
    assert "<b>September 2026 is closed</b>, edition 1" in page
    assert "Closed anyway: llm was cancelled in August (llm has no charges" in page
    assert "Nothing has changed since it was closed" in page

    charge("-3", tags={"team": "search"}, charge_class="Correction", sku_id="a", day=DAY)
    attribute()
    page = text(client.get("/close/?month=2026-09&by=team"))
    assert "since then restated by <b>−$3.00</b>" in page
    assert "telemetry, calls or charges that came later" in page
    assert ">search</th>" in page and "−$3.00" in page
    csv = client.get("/close/2026-09/reported_vs_restated.csv").content.decode()
    assert "search" in csv and ",-3" in csv

    assert client.post("/close/2026-09/reopen/", {"why": " "}).status_code == 409
    client.post("/close/2026-09/reopen/", {"why": "the wrong rule"})
    page = text(client.get("/close/?month=2026-09"))
    assert "the wrong rule" in page and "wait to be attributed" in page
    assert AuditEvent.objects.filter(action__startswith="month_", user=people["finance"]).count()


def test_it_takes_changes_and_takes_back_payments(client, people, visit, bill):
    page = text(visit("finops", "/close/?month=2026-09"))
    assert "<code>INV-1</code>" in page and "not entered" in page
    assert "2 of 2 invoices without a payment" in page
    assert "source=aws&amp;invoice_id=INV-1" in page
    assert client.post("/close/paid/", PAID).status_code == 302
    page = text(client.get("/close/?month=2026-09"))
    assert "rounding −0.004 USD" in page
    payment = InvoicePaid.objects.get()
    assert 'value="100"' in text(client.get(f"/close/?month=2026-09&payment={payment.pk}"))
    client.post(f"/close/paid/{payment.pk}/", PAID | {"amount": "90"})
    page = text(client.get("/close/?month=2026-09"))
    assert '<span class="bad">unexplained −$10.00</span>' in page
    for wrong, said in (({"amount": "1 000"}, "is not a decimal number"),
                        ({"source": "gcp"}, "no bill source is named"),
                        ({"leaves_out": "vat"}, "is none of tax, credits, marketplace"),
                        ({"paid_on": ""}, "paid_on is needed")):  # fmt: skip
        answer = client.post("/close/paid/?month=2026-09", PAID | wrong)
        assert answer.status_code == 400 and said in answer.content.decode(), wrong
    client.post(f"/close/paid/{payment.pk}/remove/")
    assert not InvoicePaid.objects.exists()

    def given(body: str) -> dict:
        return {"file": SimpleUploadedFile("paid.csv", body.encode())}

    header = ",".join(PAID) + "\n"
    good = client.post("/close/paid/import/", given(header + ",".join(PAID.values()) + "\n"))
    assert "Imported: 1 entered, 0 changed, 0 unchanged." in text(good)
    bad = client.post("/close/paid/import/", given(header + "aws,2026-09,X,USD,much,2026-10-20\n"))
    assert bad.status_code == 400 and "much" in text(bad) and "Nothing was imported" in text(bad)
    assert "INV-1,USD,100.004" in client.get("/close/2026-09/invoices.csv").content.decode()


def test_it_is_read_by_all_who_see_all_teams_and_done_by_the_roles_of_money(
    client, people, visit, bill
):
    page = visit("engineer", "/close/?month=2026-09")
    assert page.status_code == 200 and b"Enter a payment" not in page.content
    for address in ("2026-09/close/", "2026-09/reopen/", "paid/", "paid/import/"):
        assert client.post(f"/close/{address}", PAID).status_code == 403
    for who in ("scoped", "lone"):
        assert visit(who, "/close/").status_code == 403
        assert visit(who, "/close/2026-09/invoices.csv").status_code == 403
        assert client.post("/close/2026-09/close/").status_code == 403
    assert not MonthClose.objects.exists() and not InvoicePaid.objects.exists()
    for odd in (
        "?month=soon",
        "?month=2026-09&edition=9&by=x&basis=y&payment=99",
        "?month=1999-01",
    ):
        assert visit("finance", f"/close/{odd}").status_code == 200
    assert visit("finance", "/close/2026-09/other.csv").status_code == 404
    assert client.post("/close/soon/close/").status_code == 404


def test_it_says_so_when_there_is_nothing_to_close(visit):
    assert "Nothing to close yet" in text(visit("finance", "/close/"))
