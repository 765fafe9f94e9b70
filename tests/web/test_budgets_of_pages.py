"""What every page may cost: SQL queries, bytes of HTML, script; counted, not timed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from gzip import compress
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from attribution.allocate import attribute
from attribution.customers import split_customers
from ingest.models import ChangedDay, Revenue, Usage
from ingest.partitions import ensure_partitions
from tests.web.addresses import pages
from tests.web.furnished import furnish
from tests.web.test_feature_pages import source
from tests.web.test_sweep import with_days

QUERIES_MAX = 12
HTML_MAX = 150 * 1024
SCRIPT_MAX = 520 * 1024


@pytest.mark.django_db
def test_every_page_asks_little_and_is_light(client):
    """With somebody's session and rights, and nothing kept from a visit before but colours."""
    client.force_login(furnish()["admin"])
    let_acme_call()
    assert b"It paid" in client.get(with_days("/customers/acme/")).content
    asked, heavy = {}, {}
    for address in pages(client):
        client.get(with_days(address))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(with_days(address))
        if len(queries) > QUERIES_MAX:
            asked[address] = len(queries)
        if len(answer.content) > HTML_MAX:
            heavy[address] = len(answer.content)
    assert asked == {}
    assert heavy == {}


def let_acme_call() -> None:
    """So that its page has cost, calls and revenue to ask for."""
    day, at = date(2026, 9, 1), datetime(2026, 9, 1, 9, tzinfo=UTC)
    of, paid = source("calls of acme", "usage"), source("what acme pays", "business")
    ensure_partitions("ingest_usage", [day])
    call = {"time": at, "hour": at, "feature": "search", "model": "rank-v1", "requests": 3}
    Usage.objects.create(id=1_000_000, customer="acme", **call, **of)
    Revenue.objects.create(day=day, customer="acme", amount=Decimal(10), currency="USD", **paid)
    ChangedDay.objects.create(source=of["source"], day=day, what="usage")
    attribute()
    split_customers()


def test_all_script_is_light():
    """Gzipped as the server sends it, all of it together."""
    scripts = [*(Path(settings.BASE_DIR) / "static").rglob("*.js")]
    assert sum(len(compress(path.read_bytes())) for path in scripts) <= SCRIPT_MAX
