"""/metrics as a scrape gets it, taken apart by the client library's own parser."""

from datetime import date
from decimal import Decimal

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from aicost.accounts.models import User
from aicost.accounts.people import add_user
from aicost.accounts.tokens import make_token

TODAY = date(2026, 9, 2)


def token_for(user: User, teams: tuple[str, ...] | None = None) -> str:
    return make_token(user, "prometheus", ["read"], teams=teams)[1]


def admin() -> User:
    return User.objects.filter(username="root").first() or add_user("root", "x" * 20, role="admin")


def scrape(token: str | None = None, accept: str = "text/plain"):
    headers = {"accept": accept, "authorization": f"Bearer {token or token_for(admin())}"}
    return Client().get("/metrics", headers=headers)


def samples(text: str) -> dict[str, dict[tuple, float]]:
    """name -> {sorted label pairs: value}; a series that stands twice fails."""
    found: dict[str, dict[tuple, float]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            series, labels = found.setdefault(one.name, {}), tuple(sorted(one.labels.items()))
            assert labels not in series, f"{one.name}{labels} stands twice"
            series[labels] = one.value
    return found


def value(told: dict, name: str, **labels: str) -> float:
    return told[name][tuple(sorted(labels.items()))]


def double(exact: Decimal | int) -> float:
    """The nearest double, as Prometheus keeps it."""
    return float(exact)
