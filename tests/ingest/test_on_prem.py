"""Owned hardware in the ledger: a life sums to the last digit, and jobs find their node's money."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from aicost.kernel.periods import month_start, months_between, next_month, utc_today
from attribution.allocate import attribute
from attribution.models import AllocatedCharge
from ingest import connect
from ingest.fetch.on_prem import CONNECTOR
from ingest.load import load
from ingest.models import Charge, Delivery, ResourceMap, Source
from ingest.run_source import run_source
from ingest.sources.on_prem import machines_of, spread

HEAD = "nodes,gpu_type,gpus,price,residual,currency,purchased,life_months"
pytestmark = pytest.mark.django_db


def hardware(*lines: str, head: str = HEAD) -> list[str]:
    return [head, *lines]


def own(lines: list[str], name: str = "own", **more) -> Source:
    return connect.configure(name, "on_prem", {"hardware": lines, **more})


def deliver(home, lines: list[str], first: date, last: date) -> None:
    """The months from `first` to `last` of the hardware, as one file."""
    rows = [
        f"{line},{month},{next_month(month)}"
        for month in months_between(first, last)
        for line in lines[1:]
    ]
    path = home / "hardware.csv"
    path.write_text("\n".join([f"{lines[0]},from,to", *rows]) + "\n")
    for result in load([path]):
        assert (result.state, result.reader) == ("published", "on_prem"), result.message


def total(**of) -> Decimal:
    return sum((c.billed_cost for c in Charge.objects.filter(**of)), Decimal(0))


def test_it_charges_a_whole_life_to_exactly_price_less_residual(home):
    """Three nodes, bought on a 31st, whose price no day divides."""
    bought = hardware("n[1-3],l40,4,100000.01,33.34,USD,2025-01-31,13")
    deliver(home, bought, date(2025, 1, 1), date(2026, 4, 1))
    for node in ("n1", "n2", "n3"):
        part = {"series__resource_id": node, "series__sku_meter": "Depreciation"}
        assert total(**part) == Decimal("99966.67")
        assert total(**part, day__gte=date(2026, 2, 28)) == 0
        assert Charge.objects.filter(**part, day=date(2026, 4, 30)).exists()


def test_it_splits_what_a_month_costs_over_its_days_and_nodes(home):
    head = f"{HEAD},hosting_per_month,people_per_month,shared_over"
    line = "n[1-3],l40,4,0,0,USD,2026-01-01,1,100,70,7"
    deliver(home, hardware(line, head=head), date(2026, 8, 1), date(2026, 8, 1))
    august = {"billing_period": date(2026, 8, 1)}
    hosting = [total(series__resource_id=f"n{n}", series__sku_meter="Hosting", **august)
               for n in (1, 2, 3)]  # fmt: skip
    assert sum(hosting) == Decimal(300 * 10**18 // 7) / 10**18
    assert total(series__sku_meter="People", **august) == 30
    assert max(hosting) - min(hosting) <= Decimal(1).scaleb(-18)


def test_it_writes_the_rest_off_when_a_machine_retires_early(home):
    head = f"{HEAD},retired"
    line = "n1,l40,4,1000,100,USD,2026-01-01,36,2026-03-01"
    deliver(home, hardware(line, head=head), date(2026, 1, 1), date(2026, 3, 1))
    assert total() == 900
    assert total(day=date(2026, 2, 28)) > 800
    assert total(day__gte=date(2026, 3, 1)) == 0


def test_it_charges_power_by_the_hour_and_keeps_each_part_apart(home):
    head = f"{HEAD},power_kw,price_per_kwh,pue"
    line = "n1,l40,4,0,0,EUR,2026-09-01,12,10.2,0.21,1.3"
    deliver(home, hardware(line, head=head), date(2026, 9, 1), date(2026, 9, 1))
    day = {"day": date(2026, 9, 5)}
    assert total(series__sku_meter="Power", **day) == Decimal("10.2") * 24 * Decimal("0.273")
    assert total(series__sku_meter="Depreciation", **day) == 0


def test_it_makes_a_month_again_that_was_held_though_later_ones_stand(tmp_path):
    first = month_start(month_start(utc_today()) - timedelta(days=40))
    config = {"hardware": hardware(f"n1,l40,4,1000,0,USD,{first},36"), "since": ""}
    months = []
    for made in CONNECTOR.fetch(config, {}, tmp_path):
        for path in made.paths if months else ():
            path.unlink()  # as the runner does with what stands: the first one was held
        months.append(made.name)
        state = made.state
        if len(months) == 1:
            held = [path for path in made.paths if path.name != "on_prem_nodes.csv"]
    assert len(months) >= 2 and held[0].exists()
    assert [one.name for one in CONNECTOR.fetch(config, state, tmp_path)] == months[:1]


def test_it_makes_only_the_months_anew_that_changed(home):
    first = month_start(month_start(utc_today()) - timedelta(days=1))
    source = own(hardware(f"n1,l40,4,1000,0,USD,{first},36"))
    made = run_source(source)
    assert made.state == "done" and made.sets in (1, 2)
    days = Charge.objects.order_by("day").values_list("day", flat=True)
    assert (days.first(), days.last()) == (first, utc_today() - timedelta(days=1))
    assert ResourceMap.objects.get().valid_from == first
    assert run_source(source).sets == 0
    dearer = hardware(f"n1,l40,4,2000,0,USD,{first},36")
    source = connect.configure("own", "on_prem", {"hardware": dearer}, source=source)
    assert run_source(source).sets == made.sets
    life = (machines_of(dearer, "hardware")[0].life_end - first).days
    assert total() == spread(Decimal(2000), (utc_today() - first).days, life)
    assert Delivery.objects.filter(state="held").count() == 0


def test_it_gives_the_node_to_the_jobs_that_held_it(home):
    """A day of 8 GPUs costs 1,000 / 365 of depreciation and 24.00 of power: one job holds half."""
    head = f"{HEAD},power_kw,price_per_kwh,team"
    bought = "n1,h100,8,1000,0,USD,2026-08-01,12,1,1,vision"
    deliver(home, hardware(bought, head=head), date(2026, 9, 1), date(2026, 9, 1))
    jobs = home / "jobs.psv"
    jobs.write_text(
        "# sacct cluster=lab start=2026-09-01 end=2026-09-02\n# node n1 gres=gpu:8\n"
        "JobIDRaw|JobName|Account|State|Start|End|NodeList|AllocTRES\n"
        "1|train|nlp|COMPLETED|2026-09-01T00:00:00|2026-09-02T00:00:00|n1|gres/gpu=4\n"
    )
    load([jobs])
    attribute(date(2026, 9, 1), date(2026, 9, 2))
    found = {}
    for row in AllocatedCharge.objects.filter(day=date(2026, 9, 1)).select_related("target"):
        key = (row.target.state, row.target.workload, row.target.team)
        found[key] = found.get(key, Decimal(0)) + row.billed_cost
    assert set(found) == {("active", "train", "nlp"), ("unreserved", "", "vision")}
    assert sum(found.values()) == total(day=date(2026, 9, 1))
    assert abs(found[("active", "train", "nlp")] - found[("unreserved", "", "vision")]) < Decimal(
        "1e-17"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("n1,l40,4,1e400,0,USD,2026-01-01,12", "price"),
        ("n1,l40,4,,0,USD,2026-01-01,12", "price"),
        ("n1,l40,4,-5,0,USD,2026-01-01,12", "price"),
        ("n1,l40,4,5,6,USD,2026-01-01,12", "residual"),
        ("n1,l40,x,5,0,USD,2026-01-01,12", "gpus"),
        ("n1,l40,4,5,0,dollars,2026-01-01,12", "currency"),
        ("n1,l40,4,5,0,USD,1.1.2026,12", "purchased"),
        ("n1,l40,4,5,0,USD,2026-01-01,0", "life_months"),
        ("n[2-1],l40,4,5,0,USD,2026-01-01,12", "range"),
        ("n1,l40,4,5,0,USD,2026-01-01", "7 fields"),
    ],
)
def test_it_names_line_and_column_of_what_it_cannot_use(home, line, told):
    [check] = connect.check_source(own(hardware(line)))
    assert not check.ok and "line 2" in check.what and told in check.what
    run = run_source(Source.objects.get())
    assert run.state == "failed" and told in run.message and Charge.objects.count() == 0


def test_it_says_what_it_has_understood(home):
    [check] = connect.check_source(own(hardware("n[1-3],l40,4,5,0,USD,2026-01-31,1")))
    assert check.ok and check.what == "3 × n1, 4 GPUs each, until 2026-02-28"
    [check] = connect.check_source(own(["node,price", "n1,5"], "other"))
    assert not check.ok and "nodes" in check.what
    with pytest.raises(connect.BadSettings, match="missing"):
        own([], "third")
