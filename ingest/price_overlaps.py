"""No two prices for the same thing hold on the same day."""

from django.db import connection

from aicost.kernel.sqlfiles import sql


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
    """Raise PriceRefused if two prices for the same thing hold on one day."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ingest.row_queries", "overlapping_prices"))
        found = cursor.fetchone()
    if found is None:
        return
    basis, provider, model, token_class, region, tier, over, *dates = found
    parts = [basis, provider, model, token_class, region, tier, f"over {over}" if over else ""]
    first, second = (f"{start} to {end or 'open'}" for start, end in (dates[:2], dates[2:]))
    raise PriceRefused(
        f"two prices for {' '.join(filter(None, parts))} overlap: {first} and {second}",
        f"End the first on {dates[2]} (valid_to), or let the second begin later",
    )
