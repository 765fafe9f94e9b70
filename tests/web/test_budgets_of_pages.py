"""What every page may cost: SQL queries, bytes of HTML, script; counted, not timed."""

from gzip import compress
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
import pytest

from tests.web.addresses import pages
from tests.web.furnished import furnish
from tests.web.test_sweep import with_days

QUERIES_MAX = 12
HTML_MAX = 150 * 1024
SCRIPT_MAX = 520 * 1024


@pytest.mark.django_db
def test_every_page_asks_little_and_is_light(client):
    """With somebody's session and rights, and nothing kept from a visit before but colours."""
    client.force_login(furnish()["admin"])
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


def test_all_script_is_light():
    """Gzipped as the server sends it, all of it together."""
    scripts = [*(Path(settings.BASE_DIR) / "static").rglob("*.js")]
    assert sum(len(compress(path.read_bytes())) for path in scripts) <= SCRIPT_MAX
