"""A small company for the pages, written straight into the rollup.

Two days, 1 and 2 September 2026, USD, effective = billed:

    feature   team       model    kind                1 Sep     2 Sep
    search    relevance  ranker   workload/active     60.00     80.00
    search    relevance  ranker   idle/held_idle      10.00     10.00
    answers   support    big-llm  workload/active     30.00     45.50
    -         -          -        idle/unreserved      5.00      5.00
    -         -          -        shared/tax           3.25      3.25
    -         -          -        unattributed         1.75      1.25
    total                                            110.00    145.00
"""

from datetime import date
from decimal import Decimal

from django.db import connection

from aicost.accounts.people import add_user
from aicost.kernel.sqlfiles import sql
from attribution.models import CostDay, DayState, Target
from ingest.models import Delivery, Source

FIRST, SECOND = date(2026, 9, 1), date(2026, 9, 2)
PASSWORD = "correct-horse-battery"
QUERY = "from=2026-09-01&to=2026-09-02&compare=none"
TOTAL = Decimal("255.00")
# What pages of one name are asked for, by their slug; others take no notice.
NAMED = {
    "feature": "feature=search",
    "team": "team=relevance",
    "customer": "customer=acme",
    "experiment": "experiment=exp",
    "gpu_node": "resource=i-1",
}
ROWS = (
    (("workload", "active", "inference", "search", "relevance", "ranker"), "60.00", "80.00"),
    (("idle", "held_idle", "inference", "search", "relevance", "ranker"), "10.00", "10.00"),
    (("workload", "active", "inference", "answers", "support", "big-llm"), "30.00", "45.50"),
    (("idle", "unreserved", "other", "", "", ""), "5.00", "5.00"),
    (("shared", "tax", "other", "", "", ""), "3.25", "3.25"),
    (("unattributed", "unclaimed", "other", "", "", ""), "1.75", "1.25"),
)


def make_costs() -> None:
    source = Source.objects.create(name="aws", kind="bill")
    Delivery.objects.create(
        source=source,
        name="september.csv",
        reader="focus",
        state="published",
        set_sha256="0" * 64,
        first_day=FIRST,
        last_day=SECOND,
    )
    for (kind, state, activity, feature, team, model), *amounts in ROWS:
        target = Target.objects.create(
            kind=kind, state=state, activity=activity, feature=feature, team=team, model=model
        )
        evidence = "fallback" if kind == "unattributed" else "measured"
        for day, amount in zip((FIRST, SECOND), amounts, strict=True):
            CostDay.objects.create(
                day=day,
                billing_period=FIRST,
                source=source,
                currency="USD",
                target=target,
                service_name="Compute",
                charge_category="Usage",
                evidence=evidence,
                billed_cost=Decimal(amount),
                effective_cost=Decimal(amount),
            )
    sum_costs(source)


def sum_costs(source: Source) -> None:
    """What publishing would add to the rows of CostDay: sums, and that the day is published."""
    days = CostDay.objects.filter(source=source).values_list("day", flat=True).distinct()
    for day in list(days):
        DayState.objects.create(source=source, day=day, published_version=1)
        with connection.cursor() as cursor:
            for name in ("day_sums_target", "day_sums_service", "day_sums_period"):
                cursor.execute(sql("attribution.sql", name), {"source": source.pk, "day": day})


def make_people() -> dict:
    """One person a role, and one engineer who sees only the team relevance."""
    roles = ("viewer", "engineer", "finance", "finops", "admin")
    people = {role: add_user(role, PASSWORD, role=role) for role in roles}
    people["scoped"] = add_user("scoped", PASSWORD, role="engineer", teams=["relevance"])
    people["lone"] = add_user("lone", PASSWORD, role="finance", teams=["relevance"])
    return people


def query_of(page: str) -> str:
    """The query of the small company's days, with a name where the page is of one."""
    return f"{QUERY}&{NAMED.get(page, 'model=ranker')}"
