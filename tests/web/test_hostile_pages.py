"""Bad names in the ledger, bad addresses, and who asks for what is not theirs, on the new pages."""

from datetime import date
from decimal import Decimal
from html import unescape
import io

from django.test import Client
import pyarrow.parquet as pq
import pytest

from aicost.web.models import SavedView
from aicost.web.saved import ADDRESS_CHARS_MAX
from attribution.budgeting.remember import remember
from attribution.models import CostDay, EntityBudget, EntityParent, Note, Target
from ingest.models import Customer, Source
from tests.web.world import FIRST, QUERY, SECOND, make_costs, sum_costs

pytestmark = pytest.mark.django_db
MARKUP = '<a href="https://evil.example">x</a><b>&amp;'
BROKEN = "two\nlines"


@pytest.fixture
def strict(people):
    def client(who: str) -> Client:
        made = Client(raise_request_exception=False)
        made.force_login(people[who])
        return made

    return client


@pytest.fixture
def named(db):
    """named("x"): a feature, team, model and experiment called so, which cost more than others."""

    def make(name: str) -> None:
        source = Source.objects.get_or_create(name="odd", kind="bill")[0]
        owned = {"feature": name, "team": name, "model": name, "experiment": name}
        target = Target.objects.create(
            kind="workload", state="active", activity="inference", **owned
        )
        CostDay.objects.create(
            day=FIRST, billing_period=FIRST, source=source, currency="USD", target=target,
            service_name="Compute", charge_category="Usage", evidence="measured",
            billed_cost=Decimal(900), effective_cost=Decimal(900),
        )  # fmt: skip

    return make


def texts(told) -> list[str]:
    """Every text of a figure that Plotly would read for markup."""
    if isinstance(told, dict):
        read = [told.get(name, ()) for name in ("text", "hovertext", "ticktext")]
        mine = [x for one in read for x in ([one] if isinstance(one, str) else one)]
        return mine + [x for one in told.values() for x in texts(one)]
    return [x for one in told for x in texts(one)] if isinstance(told, list) else []


def test_a_chart_writes_a_name_out_and_reads_no_markup_in_it(strict, named, people):
    named(MARKUP)
    Note.objects.create(day=date(2026, 9, 2), text=MARKUP, author=people["admin"])
    sum_costs(Source.objects.get(name="odd"))
    client = strict("admin")
    seen = set()
    for chart in ("explore/chart", "growth/bridge", "overview/story", "layers/chart"):
        for more in ("chart=bars", "chart=lines", "group=feature"):
            answer = client.get(f"/figures/{chart}.json?{QUERY}&{more}")
            assert answer.status_code == 200, chart
            for text in texts(answer.json()):
                assert "<" not in text.replace("<br>", ""), (chart, text)
                seen |= {chart} if MARKUP[:20] in unescape(text) else set()
    assert "explore/chart" in seen


def test_a_line_break_in_a_name_breaks_no_page_and_no_file(strict, named, caplog):
    named(BROKEN)
    sum_costs(Source.objects.get(name="odd"))
    client = strict("admin")
    pages = ("/features/", "/teams/", "/models/", "/experiments/", "/targets/", "/budgets/", "/")
    for address in (*pages, "/export/targets/table.csv", "/features/two%0Alines/"):
        answer = client.get(f"{address}?{QUERY}&whole=1")
        assert answer.status_code == 200, address
    assert [r.getMessage() for r in caplog.records if r.exc_info] == []


def test_the_budgets_are_exact_in_every_file(strict):
    make_costs()
    amount = Decimal("1000.10")
    EntityBudget.objects.create(
        dimension="feature", name="search", amount=amount, currency="USD", period="month"
    )
    remember(SECOND)
    client = strict("admin")
    for kind in ("csv", "xlsx", "parquet"):
        answer = client.get(f"/export/budgets/table.{kind}?{QUERY}")
        assert answer.status_code == 200, kind
        body = b"".join(answer.streaming_content)
    [row] = pq.read_table(io.BytesIO(body)).to_pylist()
    assert (row["amount"], row["used"]) == (amount, Decimal("160"))


def test_who_sees_one_team_reads_nothing_of_another_s_models_and_customers(strict):
    make_costs()
    for name in ("ranker", "big-llm"):
        EntityParent.objects.create(
            dimension="model", name=name, level="model_family", parent="family"
        )
    Customer.objects.create(customer="acme", name="Acme Corporation", plan="gold")
    client, admin = strict("scoped"), strict("admin")
    assert client.get(f"/models/big-llm/?{QUERY}").status_code == 403
    assert client.get(f"/figures/model/unit.json?{QUERY}&model=big-llm").status_code == 403
    for address, theirs in (
        (f"/panels/model/family/?{QUERY}&model=ranker", b">big-llm<"),
        (f"/customers/acme/?{QUERY}&whole=1", b"Acme Corporation"),
        (f"/panels/customer/facts/?{QUERY}&customer=acme", b"gold"),
    ):
        assert theirs in admin.get(address).content, address
        answer = client.get(address)
        assert answer.status_code == 200 and theirs not in answer.content, address


def test_numbers_and_days_beyond_all_are_told_or_ignored(strict, costs):
    client = strict("admin")
    for page in ("9" * 30, "9" * 5000, "0", "-1", "²", "٣"):
        for address in ("/customers/", "/panels/customers/table/", "/export/customers/table.csv"):
            assert client.get(address, {"page": page}).status_code == 200, (address, page[:9])
    for address in ("/settings/audit/", "/settings/audit.csv"):
        assert client.get(f"{address}?to=9999-12-31").status_code == 400


def test_a_note_and_a_view_keep_no_nul_and_no_address_without_end(strict):
    client = strict("admin")
    note = {"day": "2026-09-01", "text": "x", "team": "a\x00b"}
    assert client.post("/notes/", note).status_code == 400
    for path, query in (
        ("/features/a\x00b/", ""),
        ("/features/" + "x" * 9_000 + "/", ""),
        ("/customers/", "q=" + "x" * ADDRESS_CHARS_MAX),
    ):
        given = {"path": path, "query": query, "name": "x"}
        assert client.post("/views/keep/", given).status_code == 400, path[:20]
    assert not Note.objects.exists() and not SavedView.objects.exists()


def test_a_view_of_an_odd_name_leads_back_to_its_page(strict, named):
    named("a?b#c%2f")
    client = strict("admin")
    given = {"path": "/features/a?b#c%2f/", "query": "", "name": "odd"}
    answer = client.post("/views/keep/", given)
    assert answer.status_code == 302
    followed = client.get(answer["Location"])
    assert followed.status_code == 200
    assert followed.wsgi_request.path == given["path"]
