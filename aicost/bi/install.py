"""Makes the schema for BI tools what the code says, after every `migrate`.

Views are replaced in place, so Postgres itself refuses to take a column away or to change its type:
reporting_v1 only grows. They belong to a role that is no owner of the tables below, so that the row
policies there hold for whoever reads a view (docs/decisions/0035-sql-for-bi.md)."""

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql as compose

from aicost.bi.roles import OWNER, READER, protect, roles_are_there
from aicost.bi.words import VIEWS, column_words
from aicost.kernel.sqlfiles import sql

SCHEMA = "reporting_v1"
PACKAGE = "aicost.bi.views"
# What views read that tells nothing of teams; in this order.
HELPERS = ("bi_rate", "bi_usd_rate", "bi_finality", "bi_scope")


def install() -> bool:
    """Make schema, views, comments, and where roles can be made their rights; whether they are."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"create schema if not exists {SCHEMA}")
        for name in (*HELPERS, *VIEWS):
            cursor.execute(sql(PACKAGE, name))
        _comment(cursor)
        ready = roles_are_there(cursor)
        if ready:
            protect(cursor)
        for name in VIEWS:
            view = f"{SCHEMA}.{name}"
            # Without roles nobody but the owner of the tables is let in by a grant on a view.
            cursor.execute(f"alter view {view} set (security_invoker = {str(not ready).lower()})")
            if ready:
                cursor.execute(f"alter view {view} owner to {OWNER}")
                cursor.execute(f"grant select on {view} to {READER}")
    return ready


def is_open() -> bool:
    """Whether logins can be let in: the views stand, and belong to the role without rights of its
    own on what it does not see."""
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.bi.queries", "owners"), {"schema": SCHEMA})
        return cursor.fetchall() == [(OWNER, len(VIEWS))]


def is_migrated() -> bool:
    """Whether every table is what the code says, which views can be made of."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _comment(cursor) -> None:
    cursor.execute(
        compose.SQL("comment on schema {} is {}").format(
            compose.Identifier(SCHEMA),
            compose.Literal("AI cost for BI tools. Only grows; docs/bi/README.md says how."),
        )
    )
    cursor.execute(sql("aicost.bi.queries", "columns"), {"schema": SCHEMA})
    columns = cursor.fetchall()
    for view, words in VIEWS.items():
        _say(cursor, "view", (SCHEMA, view), words)
    for view, column, _ in columns:
        if view in VIEWS:
            _say(cursor, "column", (SCHEMA, view, column), column_words(view, column))


def _say(cursor, what: str, name: tuple[str, ...], words: str) -> None:
    cursor.execute(
        compose.SQL("comment on {} {} is {}").format(
            compose.SQL(what), compose.Identifier(*name), compose.Literal(words)
        )
    )
