"""The two roles of the database: `reporting_owner`, whose views read the tables below through row
policies, and `reporting_ro`, which logins of BI tools are members of."""

from django.db import connection, transaction
from django.db.utils import DatabaseError

from aicost.kernel.sqlfiles import sql

OWNER, READER = "reporting_owner", "reporting_ro"
PACKAGE = "aicost.bi.queries"
# What an administrator runs where the product's own user may not make roles.
BY_HAND = f"""\
create role {OWNER} nologin;
create role {READER} nologin;
grant {OWNER} to {{user}};
grant {READER} to {{user}} with admin option;"""

# What of each table a login sees, as attribution.reports shows it to an Asker of its role and
# teams. Sub-queries of nothing outside are asked once a query, not once a row. A changed condition
# takes another name than reporting_1.
ALL = "(select everything from bi_scope)"
TEAMS = "(select teams from bi_scope)::text[]"
OF_TEAM = f"{ALL} or team = any({TEAMS})"
OF_TARGETS = f"{ALL} or target_id in (select id from attribution_target)"
POLICIES = {
    "attribution_target": OF_TEAM,
    "attribution_costday": OF_TARGETS,
    "attribution_customercost": OF_TARGETS,
    "attribution_alert": f"{ALL} or team <> '' and team = any({TEAMS})",
    "attribution_budget": f"{ALL} or filters -> 'team' <> '[]' and filters -> 'team'"
    f" <@ to_jsonb({TEAMS})",
    "attribution_budgetstatus": f"{ALL} or dimension = 'team' and name = any({TEAMS})"
    " or budget_id in (select id from attribution_budget)",
    "bi_usage": OF_TEAM,
    "bi_unitcost": OF_TEAM,
    "bi_margin": "(select earnings from bi_scope)",
}


def roles_are_there(cursor) -> bool:
    """Make the roles if they are missing; whether they are there and may be used."""
    for role in (OWNER, READER):
        cursor.execute("select from pg_roles where rolname = %s", [role])
        if cursor.fetchone() is None and not _made(cursor, f"create role {role} nologin"):
            return False
    if not _may_be(cursor):
        # Since Postgres 16 whoever makes a role may grant it, and is no member of it yet.
        _made(cursor, f"grant {OWNER} to current_user")
    return _may_be(cursor)


def protect(cursor) -> None:
    """Row policies on the tables the views read, and the rights of both roles."""
    cursor.execute(sql(PACKAGE, "rights"))
    cursor.execute("select tablename, policyname from pg_policies where schemaname = 'public'")
    known = set(cursor.fetchall())
    for table, condition in POLICIES.items():
        if (table, "reporting_1") in known:
            continue
        cursor.execute(f"alter table {table} enable row level security")
        if (table, "everybody") not in known:
            cursor.execute(f"create policy everybody on {table} using (true)")
        cursor.execute(
            f"create policy reporting_1 on {table} as restrictive for select to {OWNER}"
            f" using ({condition})"
        )


def _may_be(cursor) -> bool:
    cursor.execute(
        "select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = %s", [OWNER]
    )
    found = cursor.fetchone()
    return bool(found and found[0])


def _made(cursor, statement: str) -> bool:
    """False where this user of the database may not; another process may have been first."""
    try:
        with transaction.atomic():
            cursor.execute(statement)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") in ("42501", "0LP01"):
            return False
        if getattr(error.__cause__, "sqlstate", "") not in ("42710", "23505"):
            raise
    return True


def database_user() -> str:
    return connection.settings_dict["USER"]
