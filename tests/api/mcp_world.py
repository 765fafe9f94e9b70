"""A company that a finance person can ask about: 22 August to 10 September 2026, in USD.

    a day                              August    September   stands on
    calls of the model ranker           60.00      80.00     feature search, team relevance
    calls of the model chat             30.00      45.00     feature assistant, team support
    bucket                               4.00       4.00     feature search, team relevance
    trial                                   -       5.00     experiment tuning, team relevance
    support of the provider              2.00       2.00     shared
    gadgets, no owner                    1.50       1.50     unattributed
    node i-1, on 1 September alone          -      80.00     4 GPU-h ranker 40, 1 held idle 10,
                                                             2 free 20, 1 silent 10

ranker answers 600 calls a day in August and 800 in September, three in four of them for acme, the
others for globex; chat 100 and 150, all for acme, with 1,000 tokens each. Search earned 5,000 in
September and the assistant 600; 90 orders came of search. Two budgets, a credit, two alerts.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from aicost.accounts.models import User
from aicost.accounts.people import add_user
from attribution.allocate import attribute
from attribution.budgeting.balances import save_balance
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.registry import save_details, set_parent
from attribution.models import Alert
from ingest.models import Outcome, Revenue, Usage
from ingest.partitions import ensure_partitions
from tests.attribution.ledger import (
    calls,
    charge,
    delivery,
    gpu_hours,
    node_map,
    source,
    workload_map,
)
from tests.emptying import empty
from tests.web.world import PASSWORD

FIRST, SEPTEMBER, LAST = date(2026, 8, 22), date(2026, 9, 1), date(2026, 9, 10)
BY = By(reason="a test")
SEARCH = {"feature": "search", "team": "relevance"}
CHAT = {"feature": "assistant", "team": "support"}
_ids = count(1)


def build() -> dict[str, User]:
    """The ledger, attributed by the ordinary path, and the people who ask, by name."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    ensure_partitions("ingest_usage", days)
    for day in days:
        a_day(day)
    a_node()
    business()
    attribute()
    plans()
    alerts()
    people = {role: add_user(role, PASSWORD, role=role) for role in ("finance", "viewer", "admin")}
    people["ann"] = add_user("ann", PASSWORD, role="engineer", teams=["support"])
    return people


def a_day(day: date) -> None:
    late = day >= SEPTEMBER
    inference = {"service_name": "Model API", "service_category": "AI and Machine Learning"}
    charge("80" if late else "60", day=day, tags={**SEARCH, "model": "ranker",
           "activity": "inference"}, **inference)  # fmt: skip
    charge("45" if late else "30", day=day, tags={**CHAT, "model": "chat",
           "activity": "inference"}, **inference)  # fmt: skip
    charge("4", day=day, tags=SEARCH, service_name="Bucket", service_category="Storage")
    if late:
        charge("5", day=day, tags={"experiment": "tuning", "team": "relevance"},
               service_name="Notebooks")  # fmt: skip
    charge("2", day=day, charge_category="Tax", service_name="Support")
    charge("1.5", day=day, service_name="Gadgets")
    called("ranker", "search", "acme", 600 if late else 450, day)
    called("ranker", "search", "globex", 200 if late else 150, day)
    called("chat", "assistant", "acme", 150 if late else 100, day)


def called(model: str, feature: str, customer: str, requests: int, day: date) -> None:
    counted = {"feature": feature, "successes": requests}
    if model == "chat":
        counted |= {"input_tokens": requests * 800, "output_tokens": requests * 200}
    of, at = source("calls", "usage"), datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    Usage.objects.create(id=next(_ids), source=of, delivery=delivery(of), time=at, hour=at,
                         customer=customer, model=model, requests=requests, **counted)  # fmt: skip
    calls(model, requests, day=day, **counted)


def a_node() -> None:
    node_map("node-a", "i-1")
    workload_map("rank-*", workload="ranker", model="ranker", feature="search", team="relevance",
                 activity="inference")  # fmt: skip
    gpu_hours("G0", range(7))
    gpu_hours("G0", range(5), pod="rank-1", held=1)
    charge("80", consumed="1", resource_id="i-1", instance_type="p4d.24xlarge",
           service_category="Compute", service_name="Computers", consumed_unit="Hrs")  # fmt: skip


def business() -> None:
    of = source("business", "business")
    common = {"source": of, "delivery": delivery(of), "day": SEPTEMBER}
    for feature, amount in (("search", "5000"), ("assistant", "600")):
        Revenue.objects.create(feature=feature, amount=Decimal(amount), currency="USD", **common)
    Outcome.objects.create(name="orders", count=90, feature="search", **common)


def plans() -> None:
    save_details("feature", "search", {"owner": "Mara Lindt", "title": "Search ranking"}, BY)
    set_parent("feature", "search", "product", "Shop", BY)
    set_parent("team", "support", "department", "Service", BY)
    save_budget({"title": "All AI", "amount": "2000", "currency": "USD"}, BY)
    save_budget({"title": "Chat", "amount": "1500", "currency": "USD", "filters": "team=support"},
                BY)  # fmt: skip
    save_balance({"title": "Prepaid", "day": "2026-08-22", "balance": "9000", "currency": "USD"},
                 BY)  # fmt: skip
    remember(LAST)


def alerts() -> None:
    told = {
        "currency": "USD", "kind": "shift", "onset": SEPTEMBER, "raised_on": date(2026, 9, 3),
        "last": LAST, "rule": "A rule.", "evidence": {"days": []}, "notifies": True,
    }  # fmt: skip
    for level, name, team, expected, actual in (
        ("feature", "search", "relevance", 600, 800),
        ("feature", "assistant", "support", 300, 450),
    ):
        Alert.objects.create(
            level=level, name=name, team=team, title=f"Feature {name} costs more than before",
            expected=Decimal(expected), actual=Decimal(actual), percent=50,
            excess=Decimal(actual - expected), monthly=Decimal(actual - expected) * 3 / 2, **told,
        )  # fmt: skip


def committed(unblocked) -> Iterator[dict[str, User]]:
    """The world for servers of their own, which see only what is committed; gone afterwards."""
    with unblocked:
        people = build()
        yield people
        empty()
