"""It is the second of September, and nothing is kept from the test before."""

from django.core.cache import cache
import pytest

from tests.metrics.scraped import TODAY


@pytest.fixture(autouse=True)
def on_the_second_of_september(monkeypatch):
    cache.clear()
    monkeypatch.setattr("aicost.metrics.collect.utc_today", lambda: TODAY)
    yield
    cache.clear()
