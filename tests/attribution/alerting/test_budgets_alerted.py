"""Budgets that will not do become alerts, each its own though they count the same cost."""

from datetime import timedelta

import pytest

from attribution.alerting.look import look
from attribution.budgeting.edit import save_budget
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.models import Alert
from tests.attribution.budget_world import LAST, build

ME = By(reason="test")


@pytest.mark.django_db
def test_two_budgets_of_the_same_cost_are_two_alerts_and_a_second_look_changes_nothing():
    """Search costs 100.00 a day: 2,000.00 by the 20th, more than either allows."""
    build()
    for title, amount in (("Search", "1000"), ("Search, hard limit", "1500")):
        told = {"title": title, "amount": amount, "currency": "USD", "filters": "feature=search"}
        save_budget(told, ME)
    remember(LAST)
    assert look(LAST + timedelta(days=1)).changes["opened"] >= 2
    found = Alert.objects.filter(kind="budget_burn").order_by("name")
    assert [(one.level, one.name) for one in found] == [
        ("budget", "Search"), ("budget", "Search, hard limit"),
    ]  # fmt: skip
    assert look(LAST + timedelta(days=1)).changes == {}
