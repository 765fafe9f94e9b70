"""Months that no calendar of bills has, on the command line."""

from django.core.management import CommandError, call_command
import pytest

from aicost.accounts.people import add_user
from attribution.models import MonthClose

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "1999-12"])
def test_closing_says_which_years_there_are(month):
    add_user("fay", "correct-horse-battery", role="finance")
    with pytest.raises(CommandError, match="2000 to 2199"):
        call_command("close", month, by="fay", anyway="because")
    assert not MonthClose.objects.exists()
