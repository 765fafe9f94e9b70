"""The world of these tests takes seconds to build: once a module, in a transaction around it."""

from django.db import transaction
import pytest

from tests.bi import world


@pytest.fixture(scope="module")
def bi_world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        world.build()
        yield
        transaction.set_rollback(True)
