"""The cast and the small company of the page tests."""

from django.core.cache import cache
import pytest

from tests.web.world import make_costs, make_people


@pytest.fixture(autouse=True)
def fresh_colours():
    """Colours are kept for a minute; no test sees those of the test before."""
    cache.clear()


@pytest.fixture
def people(db):
    return make_people()


@pytest.fixture
def costs(db):
    make_costs()


@pytest.fixture
def visit(client, people):
    """visit("finance", "/explore/") -> the response to that person."""

    def get(who: str, address: str, **more):
        client.force_login(people[who])
        return client.get(address, **more)

    return get
