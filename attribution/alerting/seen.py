"""What a day cost when it was first seen, and one and two days after: kept by each look, because
the ledger itself only knows what a day costs now."""

from collections.abc import Iterable
from datetime import date, timedelta

from attribution.alerting.levels import Scope
from attribution.alerting.series import Days, Watched
from attribution.models import SeenCost

# By how many days before the look.
LOOKS = {1: "first_cost", 2: "second_cost", 3: "third_cost"}
KEEP_DAYS = 430
BATCH = 2_000


def remember(watched: Watched, today: date) -> None:
    """Keep what the three days before today cost as of now; a later look of today replaces it."""
    for age, field in LOOKS.items():
        day = today - timedelta(days=age)
        rows = [
            SeenCost(day=day, **scope._asdict(), **{field: days[day]})
            for scope, days in watched.cost.items()
            if day in days
        ]
        SeenCost.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["day", "level", "name", "currency"],
            update_fields=[field],
        )
    SeenCost.objects.filter(day__lt=today - timedelta(days=KEEP_DAYS)).delete()


def recall(scopes: Iterable[Scope], first: date) -> tuple[dict[Scope, Days], ...]:
    """What was visible on the first, second and third look, by scope and day; a look that was
    missed shows what the next one saw, and days without any look are in none."""
    wanted = set(scopes)
    looks: tuple[dict[Scope, Days], ...] = ({}, {}, {})
    rows = SeenCost.objects.filter(day__gte=first).values_list(
        "level", "name", "currency", "day", *LOOKS.values()
    )
    for level, name, currency, day, *costs in rows.iterator():
        scope = Scope(level, name, currency)
        if scope not in wanted:
            continue
        later = None
        for look, cost in zip(reversed(looks), reversed(costs), strict=True):
            later = cost if cost is not None else later
            if later is not None:
                look.setdefault(scope, {})[day] = later
    return looks
