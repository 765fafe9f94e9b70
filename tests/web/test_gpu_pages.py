"""GPU efficiency: which of my GPUs idle, when, who holds them, and that it all reconciles."""

from datetime import date
from decimal import Decimal
import re

import pytest

from aicost.kernel.periods import Period
from aicost.web.gpu_advice import of_days, weekends
from aicost.web.gpu_time import heat, level
from attribution.allocate import attribute
from attribution.reports import run
from attribution.reports.spec import Asker, Spec
from tests.attribution.ledger import charge, gpu_hours, node_map, workload_map
from tests.web.page_text import rows_of

pytestmark = pytest.mark.django_db
D = Decimal
TUESDAY, SATURDAY = date(2026, 9, 1), date(2026, 9, 5)
WEEK = Period(TUESDAY, date(2026, 9, 8))
QUERY = "from=2026-09-01&to=2026-09-07&compare=none"
FAILED = "This box could not be filled"


@pytest.fixture
def fleet(db):
    """Tuesday, node-a of 8 GPU-hours for 80.00: 1 held by ranker, 4 active, 2 free, 1 silent.
    Saturday, node-b: held by notebook all day for 24.00 and never active. Beside GPUs: 5.00 of a
    commitment nobody used."""
    node_map("node-a", "i-a")
    node_map("node-b", "i-b")
    workload_map("rank-*", workload="ranker", feature="search", team="a", activity="inference")
    workload_map("note-*", workload="notebook", team="b", activity="experimentation")
    gpu_hours("G0", range(7))
    gpu_hours("G0", range(5), pod="rank-1", held=1)
    gpu_hours("G1", range(24), pod="note-1", held=24, node="node-b", day=SATURDAY)
    for cost, resource, kind, hours, day in (
        ("80", "i-a", "p4d.24xlarge", "1", TUESDAY),
        ("24", "i-b", "g5.xlarge", "24", SATURDAY),
    ):
        charge(cost, day=day, consumed=hours, resource_id=resource, instance_type=kind,
               service_category="Compute", service_name="Computers",
               consumed_unit="Hrs")  # fmt: skip
    charge("5", charge_category="Usage", commitment_discount_id="sp-1",
           commitment_discount_status="Unused", service_name="Savings plan")  # fmt: skip
    attribute()


def ask(report: str, **more) -> list[dict]:
    return run(Spec(report, WEEK, Asker("finance"), **more)).rows


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_it_answers_which_gpus_idle_and_what_that_costs(visit, fleet):
    page = visit("engineer", f"/gpus/?{QUERY}").content.decode()
    assert FAILED not in page
    lead = re.search(r'<p class="lead">(.*?)</p>', page, re.S)[1]
    assert text(lead) == (
        "Of $104.00 of GPU capacity, $54.00 (51.9%) was paid for and not used. Most idle: "
        "node-a $30.00, held by ranker and node-b $24.00, held by notebook."
    )
    found = rows_of(page, "Fleet")
    names = ("node-a", "node-b", "Total")
    assert list(found) == list(names)
    assert found["node-b"][:5] == ["g5.xlarge", "1", "notebook", "$1.00", "$24.00"]
    assert [found[name][7] for name in names] == ["$30.00", "$24.00", "$54.00"]
    assert "node-b did nothing on any of its 1 day" in text(page)
    assert "would have saved $24.00" in text(page)


def test_idle_here_and_idle_elsewhere_reconcile(visit, fleet):
    """Own idle 10.00 of search and 49.00 without a feature are all idle of the bill, 59.00; 54.00
    of it is GPU time and 5.00 a commitment nobody used."""
    page = text(visit("finance", f"/gpus/?{QUERY}").content.decode())
    assert (
        "All idle $59.00, as on Overview: own idle $10.00 inside the rows of its features, "
        "$49.00 on the line Idle, no feature. GPU idle, held, empty or unreserved, is $54.00 of "
        "it; $5.00 are unused commitments"
    ) in page
    rows = ask("cost", group_by=("feature",))
    assert sum(row["idle_cost"] for row in rows) == 59
    assert sum(row["cost"] for row in ask("cost", filters={"kind": ("idle",)})) == 59
    (gpu,) = ask("gpu")
    states = ("held_idle_cost", "empty_idle_cost", "unreserved_cost")
    assert sum(gpu[name] for name in states) == 54


def test_the_heatmap_sums_to_the_idle_of_the_report(visit, fleet):
    """Row totals by hand: Tuesday 30.00 (hours 0, 5, 6), Saturday 24.00."""
    found = rows_of(visit("finance", f"/gpus/?{QUERY}").content.decode(), "When GPUs idle")
    assert {name: cells[-1] for name, cells in found.items() if cells[-1] != "$0.00"} == {
        "Tue": "$30.00",
        "Sat": "$24.00",
        "Total": "$54.00",
    }
    tuesday = [n for n, cell in enumerate(found["Tue"][:24]) if cell == "$10.00"]
    assert tuesday == [0, 5, 6]
    shown = heat(ask("gpu_idle_hours"))
    assert sum(day["total"] for day in shown["days"]) + shown["no_hour"] == shown["total"] == 54
    for day in shown["days"]:
        assert sum(cell["cost"] for cell in day["cells"]) == day["total"]
    steps = [level(D(cost), D(10)) for cost in ("0", "0.01", "2", "2.01", "10")]
    assert steps == [0, 1, 1, 2, 5]


def test_each_node_has_a_page(visit, fleet):
    page = visit("engineer", f"/gpus/node-b/?{QUERY}").content.decode()
    assert FAILED not in page
    assert "$24.00 over 1–7 Sep 2026, of which $24.00 (100.0%) idled; notebook held all" in text(
        page
    )
    assert rows_of(page, "Who holds it")["Total"][3] == "$24.00"
    whole = visit("engineer", f"/gpus/node-b/?{QUERY}&whole=1").content.decode()
    assert rows_of(whole, "Longest")["5\N{NO-BREAK SPACE}Sep"][0] == "24"
    assert visit("engineer", f"/gpus/i-b/?{QUERY}").status_code == 200
    assert visit("engineer", f"/gpus/nobody/?{QUERY}").status_code == 404
    assert "Nothing of this node" in visit("engineer", "/gpus/node-b/").content.decode()


def test_a_team_sees_its_own_time_and_judges_no_machine(visit, people, fleet):
    """Whether a machine could be off is for who sees all of it."""
    from aicost.accounts.people import add_user

    people["b"] = add_user("b", "correct-horse-battery", role="engineer", teams=["b"])
    page = text(visit("b", f"/gpus/?{QUERY}").content.decode())
    assert FAILED not in page
    assert "Of $24.00 of GPU capacity" in page
    for hidden in ("node-a", "ranker", "did nothing on"):
        assert hidden not in page
    assert "30.00" not in text(visit("b", f"/gpus/node-a/?{QUERY}").content.decode())


def test_advice_counts_only_days_that_were_seen_and_never_active():
    row = {"node": "n", "resource": "i", "currency": "USD", "days": 10, "weekend_days": 4,
           "idle_days": 3, "idle_weekend_days": 3, "idle_days_cost": D(30),
           "idle_weekends_cost": D(30)}  # fmt: skip
    busy = row | {"idle_days": 0, "idle_weekend_days": 0, "idle_days_cost": D(0),
                  "idle_weekends_cost": D(0)}  # fmt: skip
    mixed = row | {"idle_days": 5, "idle_days_cost": D(50)}
    told = [(item["text"], item["cost"]) for item in of_days([row, busy, mixed])]
    assert told == [
        ("did nothing on 5 of 10 days: stop it when its work is done", 50),
        ("did nothing on 3 of 4 weekend days: off at weekends", 30),
    ]
    assert "saved $60.00" in weekends([row, busy, mixed], "USD")
    assert weekends([busy], "USD") == ""


def test_a_page_without_gpu_time_names_the_next_step(visit):
    page = text(visit("finance", "/gpus/").content.decode())
    assert "No GPU time is known in this period. Add GPU telemetry and a resource map" in page


def test_it_asks_the_database_little(visit, client, fleet, django_assert_max_num_queries):
    for address in ("/gpus/", "/gpus/node-b/"):
        visit("finance", f"{address}?{QUERY}")
        with django_assert_max_num_queries(12):
            client.get(f"{address}?{QUERY}")
