"""Budgets: where they end and how likely above; the forms and the file; what is prepaid. And what
stands out until something watches."""

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
import pytest

from aicost.web.pages.budgets import budgets
from attribution.budgeting.balances import save_balance
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.models import Budget, CreditBalance, Entity, EntityBudget, EntityChange
from tests.attribution.budget_world import LAST, build
from tests.web.asks import asked
from tests.web.test_unit_pages import text
from tests.web.world import FIRST, SECOND

pytestmark = pytest.mark.django_db
QUERY = "from=2026-09-01&to=2026-09-02"
RUNNING = f"from=2026-09-01&to={LAST}"
ME = By(reason="test")


def budget(dimension: str, name: str, amount: str, period: str = "month", **more) -> None:
    EntityBudget.objects.create(
        dimension=dimension,
        name=name,
        amount=Decimal(amount),
        currency="USD",
        period=period,
        **more,
    )


def own(title: str, amount: str, **texts: str) -> Budget:
    return save_budget({"title": title, "amount": amount, "currency": "USD", **texts}, ME)


def test_the_forecast_says_when_it_is_used_up_and_how_likely(visit, people):
    """150.00 a day are 4,500 in September: 4,400 are used up on the 30th. 2,000 of search are over
    its 1,999; answers keep within 1,600."""
    build()
    Entity.objects.create(dimension="feature", name="search", owner="Priya")
    own("All AI", "4400", owner="Ann")
    budget("feature", "search", "1999")
    budget("feature", "answers", "1600")
    budget("team", "nobody", "5", valid_to=FIRST)  # ended
    remember(LAST)
    found = {one.row["name"]: one for one in budgets(asked(people["finance"], RUNNING))}
    assert set(found) == {"All AI", "search", "answers"}
    states = {name: one.state for name, one in found.items()}
    assert states == {"All AI": "ahead", "search": "over", "answers": "within"}
    page = text(visit("finance", f"/budgets/?{RUNNING}").content.decode())
    for shown in ("search is $1 over its budget; 1 more likely goes over.", "used up on 30 Sep",
                  "over by $1", "whole company", "$4,500", "over 99%", "within"):  # fmt: skip
        assert shown in page, shown
    lines = visit("finance", f"/export/budgets/table.csv?{RUNNING}")
    told = b"".join(lines.streaming_content).decode() if lines.streaming else lines.content.decode()
    assert "search,feature,feature=search,Priya,month" in told


def test_too_few_days_make_a_pace_that_says_why(visit, costs):
    """160.00 of search in 2 of 30 days: 2,400 at this pace, of a budget of 1,000."""
    budget("feature", "search", "1000")
    page = text(visit("finance", f"/budgets/?{QUERY}").content.decode())
    assert "manage.py budgets --day 2026-09-02 works it out" in page and "not known yet" in page
    remember(SECOND)
    page = text(visit("finance", f"/budgets/?{QUERY}").content.decode())
    assert "$2,400 at this pace" in page and "no bill it counts has a final day" in page


def test_a_budget_is_added_changed_and_removed_with_its_history(client, people):
    build()
    client.force_login(people["viewer"])
    assert client.get(reverse("budget_new")).status_code == 403
    client.force_login(people["finance"])
    sent = {"title": "Search", "filters": "feature=search", "amount": "x", "currency": "USD"}
    refused = client.post(reverse("budget_new"), sent)
    assert refused.status_code == 400 and "Write a number such as" in refused.content.decode()
    assert client.post(reverse("budget_new"), sent | {"amount": "100"}).status_code == 302
    row = Budget.objects.get()
    change = sent | {"amount": "200", "reason": "more use"}
    assert client.post(reverse("budget", args=[row.pk]), change).status_code == 302
    shown = text(client.get(reverse("budget", args=[row.pk])).content.decode())
    assert "amount: 100 → 200" in shown and "more use" in shown
    client.post(reverse("budget", args=[row.pk]), {"do": "remove"})
    assert not Budget.objects.exists()
    assert EntityChange.objects.filter(dimension="budget", name="Search").count() == 3


def test_a_file_is_taken_from_the_page_or_refused_with_its_line(client, people):
    client.force_login(people["finops"])

    def send(told: str):
        file = SimpleUploadedFile("budgets.csv", told.encode())
        return client.post(reverse("budgets_import"), {"file": file})

    refused = send("name,amount,currency\nAll AI,0,USD\n")
    assert refused.status_code == 400 and "line 2: a budget is above 0" in refused.content.decode()
    assert "1 budgets added" in send("name,amount,currency\nAll AI,5,USD\n").content.decode()
    assert "All AI" in client.get(reverse("budgets_csv")).content.decode()


def test_a_credit_runs_out_and_a_promise_is_missed(visit, client, people):
    """1,000 of credit on 15 September, 150.00 a day: 900 by the 20th, gone on the 21st. Of 20,000
    promised by the end of the year, 150.00 for 108 days are spent."""
    build()
    common = {"currency": "USD", "day": "2026-09-15"}
    save_balance({"title": "Vendor credit", "balance": "1000", **common}, ME)
    more = {"kind": "commitment", "balance": "20000", "ends_on": "2026-12-31"}
    save_balance({"title": "Cloud promise", **more, **common}, ME)
    shown = text(visit("finance", f"/panels/budgets/burn/?{RUNNING}").content.decode())
    assert "runs out on 21 Sep 2026" in shown and "$100.00" in shown
    assert "$3,800 missing on 31 Dec 2026" in shown
    assert (
        "Vendor credit" not in visit("scoped", f"/panels/budgets/burn/?{RUNNING}").content.decode()
    )
    row = CreditBalance.objects.get(title="Vendor credit")
    client.force_login(people["finance"])
    sent = {"title": "Vendor credit", "kind": "prepaid", "balance": "700", "currency": "USD",
            "day": "2026-09-20"}  # fmt: skip
    assert client.post(reverse("balance", args=[row.pk]), sent).status_code == 302
    shown = text(visit("finance", f"/panels/budgets/burn/?{RUNNING}").content.decode())
    assert "runs out on 24 Sep 2026" in shown  # 150 of the 20th are of the 700
    file = SimpleUploadedFile("balances.csv", client.get(reverse("balances_csv")).content)
    answer = client.post(reverse("balances_import"), {"file": file})
    assert "3 rows: 0 balances added, 0 changed" in answer.content.decode()


def test_a_plan_for_the_whole_is_not_shown_to_who_sees_a_part(visit, people, costs):
    budget("feature", "search", "1000")
    budget("team", "relevance", "10000")
    budget("team", "support", "10000")
    own("All AI", "5")
    own("Theirs and ours", "5", filters="team=relevance, support")
    own("Ours", "5", filters="team=relevance; environment=prod")
    shown = [one.row["name"] for one in budgets(asked(people["scoped"], QUERY))]
    assert sorted(shown) == ["Ours", "relevance"]
    page = visit("scoped", f"/budgets/?{QUERY}").content.decode()
    assert "relevance" in page and "support" not in page.partition("</nav>")[2]


def test_without_a_budget_it_offers_the_largest_names(visit, costs):
    page = visit("finance", f"/budgets/?{QUERY}").content.decode()
    assert "No budget is set." in page and "/targets/edit/feature/search/" in page
    assert "/targets/edit/" not in visit("viewer", f"/budgets/?{QUERY}").content.decode()
