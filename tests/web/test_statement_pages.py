"""Statements and the finance tables in the browser: they sum, they print, and each sees its own."""

import csv
from decimal import Decimal
import io

import pytest

from aicost.accounts.models import AuditEvent
from aicost.kernel.periods import month_of
from attribution.finance import tables
from attribution.models import FinanceEdition
from attribution.reports.finance_preview import preview
from attribution.reports.spec import Asker
from ingest.models import Revenue
from tests.attribution.ledger import delivery, source
from tests.web.world import FIRST, TOTAL

pytestmark = pytest.mark.django_db
MONTH = "month=2026-09"
TABLES = ("cost_classes", "accounts", "revenue_splits")


def rows_of(response) -> list[dict]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def form(name: str, **changes: str) -> dict[str, str]:
    """The form of a table as the browser would send it back, with changes of fields."""
    from aicost.web.pages.finance import _cells

    shape, edition = tables.shape_of(name), tables.newest(name)
    sent = {"version": str(edition.version), "count": str(len(edition.rows)), "month": "2026-09"}
    for n, row in enumerate(edition.rows):
        sent |= {f"{n}-{key}": text for key, text in _cells(shape, row).items()}
    return sent | changes


def test_the_list_sums_to_the_bill_and_leads_to_each_statement(visit, costs):
    for way in ("showback", "chargeback"):
        text = visit("viewer", f"/statements/?{MONTH}&as={way}").content.decode()
        assert "Bill of the month <b>$255.00</b>" in text and "Difference <b>$0.00</b>" in text
        assert f"/statements/2026-09/team/relevance/?as={way}" in text
    found = rows_of(visit("viewer", f"/statements.csv?{MONTH}"))
    assert sum(Decimal(row["cost"]) for row in found) == TOTAL
    assert AuditEvent.objects.filter(action="export", subject="statement").count() == 1


def test_a_statement_and_its_csv_say_the_same(visit, costs):
    text = visit("viewer", "/statements/2026-09/team/relevance/?as=showback").content.decode()
    assert "<b>$160.00</b> is shown" in text and "search · ranker · Compute" in text
    address = f"/statements.csv?{MONTH}&as=showback&name=relevance"
    found = rows_of(visit("viewer", address))
    assert {row["team"] for row in found} == {"relevance"}
    assert [(row["section"], Decimal(row["cost"])) for row in found] == [
        ("used", Decimal(140)), ("own_idle", Decimal(20)),
    ]  # fmt: skip


def test_each_sees_only_its_own_statements(visit, costs):
    text = visit("scoped", f"/statements/?{MONTH}&as=showback").content.decode()
    assert "relevance" in text and "support" not in text.replace("support and fees", "")
    assert "Bill of the month" not in text and "255" not in text
    assert visit("scoped", "/statements/2026-09/team/support/").status_code == 404
    assert visit("scoped", f"/statements/?{MONTH}&by=department").status_code == 400
    assert rows_of(visit("scoped", f"/statements.csv?{MONTH}&name=support")) == []
    for who in ("viewer", "scoped", "lone"):
        assert visit(who, f"/journal.csv?{MONTH}").status_code == 403
        for name in TABLES:
            assert visit(who, f"/finance/{name}/").status_code == 403
            assert visit(who, f"/finance/{name}.csv").status_code == 403


@pytest.mark.parametrize(
    "query", ["month=2026", "month=%00", "by=model", "as=gift", "month=0001-01"]
)
def test_it_says_what_of_an_address_cannot_be_read(visit, costs, query):
    assert visit("viewer", f"/statements/?{query}").status_code == 400
    assert visit("viewer", "/statements/2026-09/team/nobody/").status_code == 404


def test_the_journal_downloads_balanced(visit, costs):
    found = rows_of(visit("finance", f"/journal.csv?{MONTH}&as=chargeback"))
    sums = [sum(Decimal(row[side] or 0) for row in found) for side in ("debit", "credit")]
    assert sums == [TOTAL, TOTAL]


def test_a_class_is_previewed_saved_and_taken_back(client, visit, costs, people):
    page = visit("finance", "/finance/cost_classes/").content.decode()
    assert "activity: training, experimentation" in page
    changed = form("cost_classes", **{"2-cost_class": "research_and_development"})
    moved = client.post("/finance/cost_classes/", changed | {"do": "preview"}).content.decode()
    assert "relevance, search, ranker, inference, workload</b> from Cost of revenue" in moved
    assert not FinanceEdition.objects.exists()
    client.post("/finance/cost_classes/", changed | {"do": "save", "why": "the auditors"})
    (edition,) = tables.history("cost_classes")
    assert (edition.saved_by, edition.why) == (people["finance"], "the auditors")
    late = client.post("/finance/cost_classes/", form("cost_classes", version="0", do="save",
                                                      **{"0-note": "x"}))  # fmt: skip
    assert late.status_code == 400 and b"somebody saved version 1 meanwhile" in late.content
    client.post("/finance/cost_classes/", form("cost_classes", do="revert-0"))
    assert tables.newest("cost_classes").rows == tables.built_in("cost_classes")


def test_rows_are_ordered_added_and_refused_without_javascript(client, visit, people):
    visit("finance", "/finance/cost_classes/")
    down = client.post("/finance/cost_classes/", form("cost_classes", do="down-0"))
    assert down.context["rows"][0]["when"].startswith("environment: dev*")
    added = client.post("/finance/cost_classes/", form("cost_classes", do="add"))
    assert len(added.context["rows"]) == 9 and added.context["rows"][7]["when"] == ""
    for when, reason in (("colour: red", "is not name: values"), ("kind: gold", "is none of")):
        wrong = form("cost_classes", do="save", **{"0-when": when})
        answer = client.post("/finance/cost_classes/", wrong)
        assert answer.status_code == 400 and reason in answer.content.decode(), when
    assert not FinanceEdition.objects.exists()


def test_tables_go_out_and_in_as_files(client, visit, people):
    for name in TABLES:
        text = visit("finops", f"/finance/{name}.csv").content
        file = io.BytesIO(text.replace(b"5010", b"5012"))
        file.name = "table.csv"
        answer = client.post(f"/finance/{name}/", {"do": "import", "file": file, "why": "file"})
        assert answer.status_code == 302
    assert tables.newest("accounts").rows[0]["account"] == "5012"
    assert [tables.newest(name).version for name in TABLES] == [0, 1, 0]
    assert client.post("/finance/accounts/", {"do": "import"}).status_code == 400
    assert visit("finops", "/finance/nothing/").status_code == 404


def test_previews_of_accounts_and_splits_conserve_what_they_move(costs):
    of = source("business", "business")
    Revenue.objects.create(
        source=of, delivery=delivery(of), day=FIRST, feature="suite", amount=90, currency="USD"
    )
    month, asker = month_of(FIRST), Asker("finance")
    split = {"product": "suite", "by": "shares", "features": "search=2, answers"}
    found = preview("revenue_splits", tables.checked(tables.shape_of("revenue_splits"), [split]),
                    month, asker)  # fmt: skip
    assert {line.name: line.after for line in found.lines} == {
        "search": 60, "answers": 30, "suite": 0,
    }  # fmt: skip
    first = {"side": "debit", "account": "1", "team": "support"}
    rows = tables.checked(tables.shape_of("accounts"), [first, *tables.built_in("accounts")])
    found = preview("accounts", rows, month, asker)
    assert sum(line.delta for line in found.lines) == 0 and found.moved


def test_margin_shows_gross_margin_and_what_is_left(visit, costs):
    of = source("business", "business")
    Revenue.objects.create(
        source=of, delivery=delivery(of), day=FIRST, feature="search", amount=400, currency="USD"
    )
    text = visit("finance", "/margin/?from=2026-09-01&to=2026-09-30&compare=none").content.decode()
    assert "Gross margin of features" in text and "60.0%" in text
