"""Two months and a bit, three currencies, two teams: random bills with a fixed seed, calls,
customers, revenue, names that move under other parents, and rates of which one is missing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
import random

from aicost.bi.refresh import refresh
from aicost.kernel.periods import midnight
from attribution.allocate import attribute
from attribution.entities.registry import set_parent
from ingest.models import FxRate, Revenue, Usage
from ingest.partitions import ensure_partitions
from tests.attribution import world
from tests.attribution.days import BY
from tests.attribution.ledger import calls, charge, delivery, source

FIRST, PAST = date(2026, 7, 27), date(2026, 10, 1)
D = Decimal
TAGS = {
    "team": ("a", "b", None),
    "feature": ("search", "assistant", None),
    "model": ("rank-v1", "chat-2", None),
    "experiment": ("trial", None, None),
    "environment": ("prod", None),
}


def build(charges: int = 60) -> None:
    chosen = random.Random(7)
    _rates_and_parents()
    for _ in range(charges):
        _bill(chosen)
    for nth in range(12):
        day = FIRST + timedelta(days=chosen.randrange(60))
        _called(nth, day, chosen)
    business = source("business", "business")
    for day, amount, currency in (
        (date(2026, 8, 9), "12.5", "EUR"),
        (date(2026, 9, 3), "7", "USD"),
    ):
        Revenue.objects.create(source=business, delivery=delivery(business), day=day,
                               feature="search", amount=D(amount), currency=currency)  # fmt: skip
    world.build()
    attribute()
    refresh()


def _rates_and_parents() -> None:
    for month, pair, rate in (
        (7, ("USD", "EUR"), "0.93"),
        (8, ("EUR", "USD"), "1.05"),
        (9, ("EUR", "USD"), "1.110000000000000001"),
        (9, ("EUR", "CHF"), "0.95"),
    ):
        FxRate.objects.create(month=date(2026, month, 1), from_currency=pair[0],
                              to_currency=pair[1], rate=D(rate))  # fmt: skip
    middle = date(2026, 8, 20)
    set_parent("team", "a", "department", "Growth", BY, (None, middle))
    set_parent("team", "a", "department", "Core", BY, (middle, None))
    set_parent("department", "Core", "cost_centre", "4100", BY)
    set_parent("feature", "search", "product", "Shop", BY, (middle, None))
    set_parent("model", "rank-v1", "model", "rank", BY)
    set_parent("model", "rank", "model_family", "Rankers", BY)
    set_parent("experiment", "trial", "project", "Trials", BY)


def _bill(chosen: random.Random) -> None:
    day = FIRST + timedelta(days=chosen.randrange((PAST - FIRST).days))
    tags = {name: value for name, values in TAGS.items() if (value := chosen.choice(values))}
    charge(
        D(chosen.randrange(-2000, 9000)) / 1000 + D("0.000000000000000001"),
        D(chosen.randrange(1, 9000)) / 7,
        of=source(chosen.choice(("aws", "gcp"))),
        day=day,
        long_until=midnight(day.replace(day=28))
        if chosen.random() < 0.1 and day.day < 20
        else None,
        tags=tags,
        billing_currency=chosen.choice(("USD", "USD", "EUR", "CHF")),
        charge_category=chosen.choice(("Usage", "Usage", "Usage", "Tax", "Credit")),
        sub_account_id=chosen.choice(("1", "2", "")),
        service_name=chosen.choice(("Bucket", "Models", "Support")),
        region_id=chosen.choice(("eu", "us", "")),
    )


def _called(nth: int, day: date, chosen: random.Random) -> None:
    of = source("calls", "usage")
    ensure_partitions("ingest_usage", [day])
    told = {"customer": chosen.choice(("acme", "globex", "")),
            "feature": chosen.choice(("search", "assistant", "")),
            "model": chosen.choice(("rank-v1", "chat-2")), "requests": chosen.randrange(1, 90),
            "model_version": chosen.choice(("", "v1", "v2"))}  # fmt: skip
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    Usage.objects.create(id=10**6 + nth, source=of, delivery=delivery(of), time=at, hour=at, **told)
    more = {"team": chosen.choice(("a", "b", "")), "input_tokens": chosen.randrange(900)}
    calls(told["model"], told["requests"], day=day, feature=told["feature"],
          model_version=told["model_version"], **more)  # fmt: skip
