"""Customers: a list of however many that adds up to the bill, and one page a customer."""

from datetime import UTC, datetime
from decimal import Decimal
import re

import pytest

from attribution.customers import split_customers
from attribution.models import CustomerSplit
from ingest.models import Customer, Revenue, Usage
from ingest.partitions import ensure_partitions
from tests.web.test_feature_pages import panel, source
from tests.web.world import FIRST, QUERY

pytestmark = pytest.mark.django_db
MANY = 120


@pytest.fixture
def customers(costs):
    """On 1 Sep search costs 60 and 10 idle: acme made 3 of its 4 calls, globex 1. Of answers, 30,
    one call names nobody. On 2 Sep nobody is known to have called."""
    calls, shop = source("calls", "usage"), source("shop", "business")
    ensure_partitions("ingest_usage", [FIRST])
    at = datetime(2026, 9, 1, 9, tzinfo=UTC)
    for n, (customer, feature, model, requests) in enumerate(
        (("acme", "search", "ranker", 3), ("globex", "search", "ranker", 1),
         ("", "answers", "big-llm", 1))
    ):  # fmt: skip
        Usage.objects.create(id=n + 1, time=at, hour=at, customer=customer, feature=feature,
                             model=model, requests=requests, **calls)  # fmt: skip
    Customer.objects.create(customer="globex", name="Globex Corporation", plan="gold")
    Revenue.objects.create(day=FIRST, customer="globex", feature="search", amount=Decimal(10),
                           currency="USD", **shop)  # fmt: skip
    split_customers()


def test_the_list_adds_up_and_hides_earnings_from_those_who_may_not_see_them(visit, customers):
    """acme 52.50, globex 17.50 of the 70 of search; 255 in all."""
    page = visit("finance", f"/customers/?{QUERY}&whole=1").content.decode()
    for shown in ("2 customers", "$70.00", "27.5% of all AI cost", "$52.50", "$17.50",
                  "Globex Corporation", "$10.00", "−$7.50", "−75.0%", "On no customer",
                  "$155.50", "$255.00", "/customers/acme/?from="):  # fmt: skip
        assert shown in page, shown
    engineer = visit("engineer", f"/customers/?{QUERY}&whole=1&by=margin").content.decode()
    assert "$52.50" in engineer and "−$7.50" not in engineer and "Worst margin" not in engineer
    assert page.index("acme") < page.index("Globex")
    worst = visit("finance", f"/customers/?{QUERY}&whole=1&by=margin").content.decode()
    table = worst[worst.index("<tbody>") :]
    assert table.index("Globex") < table.index("acme")
    found = visit("finance", f"/customers/?{QUERY}&whole=1&q=corpor").content.decode()
    assert "1 other customer" not in found and "$17.50" in found and "$255.00" in found
    assert (
        "Nobody is called so"
        in visit("finance", f"/customers/?{QUERY}&whole=1&q=zz").content.decode()
    )


def test_a_customer_leads_from_its_share_to_the_pool(visit, customers):
    page = visit("finance", f"/customers/globex/?{QUERY}&whole=1").content.decode()
    for shown in ("Globex Corporation cost", "$17.50", "search is 100% of it", "It paid",
                  "gold", "Every cent of this customer stands once"):  # fmt: skip
        assert shown in page, shown
    pools = panel(visit, "finance", "customer", "pools", f"{QUERY}&customer=globex")
    for shown in ("$17.50", "$160.00", "10.9%", "ranker", "at=feature%3Asearch"):
        assert shown in pools, shown
    chart = visit("finance", f"/figures/customer/chart.json?{QUERY}&customer=globex").json()
    assert chart["data"][0]["y"] == ["17.5", "0"]
    engineer = visit("engineer", f"/customers/globex/?{QUERY}&whole=1").content.decode()
    assert "$17.50" in engineer and "It paid" not in engineer
    before = visit("finance", "/customers/globex/?from=2026-01-01&to=2026-01-02").content.decode()
    assert "No cost and no inference of it in this period" in before


def test_a_team_sees_what_customers_cost_it(visit, customers):
    assert "$52.50" in visit("scoped", f"/customers/?{QUERY}&whole=1").content.decode()
    other = f"{QUERY}&team=support"
    assert "$52.50" not in visit("scoped", f"/customers/?{other}&whole=1").content.decode()


def test_pages_of_fifty_and_a_file_of_all(visit, customers):
    at = datetime(2026, 9, 2, 9, tzinfo=UTC)
    calls = source("more calls", "usage")
    for n in range(MANY):
        Usage.objects.create(id=100 + n, time=at, hour=at, customer=f"c{n:03}", feature="search",
                             model="ranker", requests=MANY - n, **calls)  # fmt: skip
    CustomerSplit.objects.update(version=-1)
    split_customers()
    first = visit("finance", f"/customers/?{QUERY}&whole=1").content.decode()
    assert "1–50 of 122" in first and "72 other customers" in first and "$255.00" in first
    last = visit("finance", f"/customers/?{QUERY}&whole=1&page=3").content.decode()
    assert "101–122 of 122" in last and "c119" in last and "c000" not in last
    file = visit("finance", f"/export/customers/table.csv?{QUERY}")
    assert b"".join(file.streaming_content).count(b"owned") == MANY + 2


def test_without_customers_it_says_what_brings_them(visit, costs):
    page = visit("finance", f"/customers/?{QUERY}&whole=1").content.decode()
    assert "No call has named a customer." in page and "field customer of usage files" in page
    assert visit("finance", f"/customers/x/?{QUERY}").status_code == 404


def test_it_asks_the_database_little(visit, client, customers, django_assert_max_num_queries):
    for address in (f"/customers/?{QUERY}", f"/customers/globex/?{QUERY}"):
        visit("finance", address)
        with django_assert_max_num_queries(12):
            client.get(address)


def test_every_line_is_compared(visit, customers):
    """The second day against the first: acme 90 after 52.50, on nobody 45.50 after 30, all 145
    after 110."""
    calls = source("later calls", "usage")
    at = datetime(2026, 9, 2, 9, tzinfo=UTC)
    Usage.objects.create(id=90, time=at, hour=at, customer="acme", feature="search",
                         model="ranker", requests=1, **calls)  # fmt: skip
    CustomerSplit.objects.update(version=-1)
    split_customers()
    page = visit("finance", "/customers/?from=2026-09-02&to=2026-09-02&whole=1").content.decode()
    body = page.partition("<tbody>")[2].partition("</table>")[0]
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("<tr")]
    for shown in ("acme $90.00 +71.4%", "On no customer $45.50 +51.7%", "Shared $3.25 0.0%",
                  "Unattributed $1.25 −28.6%", "Total $145.00 +31.8%"):  # fmt: skip
        assert any(shown in row for row in rows), shown
