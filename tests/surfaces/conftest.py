"""The world of the SQL tests, and everybody who asks, once a module in a transaction around it."""

from django.db import transaction
import pytest

from aicost.accounts.people import add_user
from tests.bi import world
from tests.bi.test_sql_is_reports import SCOPES
from tests.web.world import PASSWORD


@pytest.fixture(scope="module")
def people(django_db_setup, django_db_blocker):
    """Scope -> somebody who sees these teams."""
    with django_db_blocker.unblock(), transaction.atomic():
        world.build()
        found = {}
        for scope in SCOPES:
            name = "-".join(("asks", *(scope or ("all",))))
            found[scope] = add_user(name, PASSWORD, role="engineer", teams=scope or ())
        yield found
        transaction.set_rollback(True)
