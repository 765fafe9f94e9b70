"""A mail server, the cast with addresses, and a week of costs."""

from datetime import timedelta

from django.core.cache import cache
import pytest

from aicost.kernel.periods import utc_now
from tests.notify.hooks import hearing
from tests.notify.mailbox import serving_mail
from tests.web.conftest import browser, chromium
from tests.web.world import make_people

__all__ = ["browser", "chromium"]


@pytest.fixture(autouse=True)
def fresh():
    """Colours and the company are kept for a minute; no test sees those of the test before."""
    cache.clear()


@pytest.fixture
def mailbox(settings):
    with serving_mail() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.DEFAULT_FROM_EMAIL = "AI cost <cost@example.com>"
        settings.AICOST_URL = "https://cost.example.com"
        yield box


@pytest.fixture
def people():
    found = make_people()
    for name, user in found.items():
        user.email = f"{name}@example.com"
        user.save(update_fields=["email"])
    return found


@pytest.fixture
def program(settings):
    settings.AICOST_HOOK_HOSTS = ["127.0.0.1"]
    settings.AICOST_URL = "https://cost.example.com"
    server, handler = hearing()
    with server as address:
        handler.address = f"{address}/hook"
        yield handler


@pytest.fixture
def now():
    """A little later, so that endpoints are there already."""
    return utc_now() + timedelta(minutes=1)
