"""Databases made before migrations were merged (docs/decisions/0041-migrations.md)."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
import pytest

from tests import databases


@pytest.fixture
def as_before(django_db_setup, django_db_blocker):
    with (
        django_db_blocker.unblock(),
        databases.copied_as("before", django_db_setup) as name,
        databases.connected_to(name),
    ):
        yield


def test_it_has_nothing_to_do_where_all_of_before_were_applied(as_before, db):
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where name = '0001_tables'")
        executor = MigrationExecutor(connection)
        assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
        call_command("migrate", verbosity=0)
        cursor.execute("select count(*) from django_migrations where name = '0001_tables'")
        assert cursor.fetchone() == (4,)
