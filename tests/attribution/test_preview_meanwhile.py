"""A preview decides series on a second connection: what that one sees, and what it may wait for."""

from threading import Event

from django.db import connection, transaction
import pytest

from aicost.accounts.models import Team
from attribution.ruling.replay.apart import meanwhile, one_snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def counted(begun: Event) -> int:
    assert begun.wait(30)
    return Team.objects.count()


def test_it_sees_what_the_first_saw_whoever_writes_meanwhile():
    begun, other = Event(), connection.copy()

    def mine() -> None:
        with other.cursor() as cursor:
            cursor.execute("insert into accounts_team (name) values ('later')")
        begun.set()

    with transaction.atomic():
        assert meanwhile(one_snapshot(), lambda: counted(begun), mine) == 0
    other.close()
    assert Team.objects.count() == 1


def test_behind_a_lock_that_waits_for_the_first_it_is_done_by_the_first():
    """As when a load makes a partition between: it would wait for ever."""
    begun = Event()

    def mine() -> None:
        with connection.cursor() as cursor:
            cursor.execute("lock table accounts_team in access exclusive mode")
        begun.set()

    with transaction.atomic():
        assert meanwhile(one_snapshot(), lambda: counted(begun), mine) == 0
