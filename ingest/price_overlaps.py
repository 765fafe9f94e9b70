"""No two prices for the same thing hold on the same day."""

from django.db import connection

from aicost.kernel.sqlfiles import sql
from ingest.models import Price


class PriceRefused(ValueError):
    """A price that cannot be; nothing is changed. `cure` says what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


def lock_prices() -> None:
    """Until commit the only one who changes prices: two at once would not see each other's."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('ingest: prices', 0))")


def refuse_overlaps() -> None:
    """Raise PriceRefused if two prices of the table for the same thing hold on one day."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.row_queries", "overlapping_prices"))
        found = cursor.fetchone()
    if found is not None:
        *what, first_from, first_to, second_from, second_to = found
        raise _refused(what, (first_from, first_to), (second_from, second_to))


def refuse_overlap_of(price: Price) -> None:
    """Raise PriceRefused if a price of the table for the same thing holds on a day of this one."""
    same = Price.objects.exclude(pk=price.pk).filter(
        basis=price.basis,
        provider__iexact=price.provider,
        model__iexact=price.model,
        token_class=price.token_class,
        region__iexact=price.region,
        service_tier__iexact=price.service_tier,
        context_over=price.context_over,
    )
    what = [price.basis, price.provider, price.model, price.token_class, price.region]
    what += [price.service_tier, price.context_over]
    mine = (price.valid_from, price.valid_to)
    for other in same:
        first, second = sorted((mine, (other.valid_from, other.valid_to)), key=lambda p: p[0])
        if first[1] is None or first[1] > second[0]:
            raise _refused(what, first, second)


def _refused(what: list, first: tuple, second: tuple) -> PriceRefused:
    *names, over = what
    told = " ".join(filter(None, [*names, f"over {over}" if over else ""]))
    dates = " and ".join(f"{start} to {end or 'open'}" for start, end in (first, second))
    return PriceRefused(
        f"two prices for {told} overlap: {dates}",
        f"End the first on {second[0]} (valid_to), or let the second begin later",
    )
