"""The cast, the small company and the browser of the page tests."""

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


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium. Playwright keeps an event loop, which Django takes for an async caller."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patched, sync_playwright() as play:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def browser(chromium):
    """Nothing of a test is still open in the next one."""
    yield chromium
    for context in chromium.contexts:
        context.close()
