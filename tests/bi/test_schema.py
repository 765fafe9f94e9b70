"""The schema is a promise: nothing goes away, everything has words, and a login reads it
and nothing else."""

import json
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError
import pytest

from aicost.accounts.models import AuditEvent
from aicost.bi.install import SCHEMA, install
from aicost.bi.models import Login
from aicost.bi.roles import roles_are_there
from aicost.bi.words import COLUMNS, VIEWS, column_words
from aicost.kernel.sqlfiles import sql
from aicost.web.audited import told
from tests.bi.sight import seen_by, select

pytestmark = pytest.mark.django_db
SNAPSHOT = Path(__file__).parent / "schema.json"


def columns() -> dict[str, dict[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.bi.queries", "columns"), {"schema": SCHEMA})
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in cursor.fetchall():
            found.setdefault(table, {})[column] = kind
    return found


def test_it_only_grows():
    """schema.json is what dashboards out there are built on. A column that is missing here or has
    another type breaks them: it needs a reporting_v2 beside this one. A new one is added there."""
    promised, now = json.loads(SNAPSHOT.read_text(encoding="utf-8")), columns()
    broken = [
        f"{table}.{column} {kind}"
        for table, of_table in promised.items()
        for column, kind in of_table.items()
        if now.get(table, {}).get(column) != kind
    ]
    assert broken == []
    assert now == promised, f"add what is new to {SNAPSHOT.name}"


def test_postgres_itself_refuses_to_take_a_column_away():
    with (
        pytest.raises(ProgrammingError, match="cannot drop columns from view"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("create or replace view reporting_v1.dim_source as"
                       " select id as source_id, name as source from ingest_source")  # fmt: skip


def test_everything_has_a_comment_and_every_comment_something():
    bare = select(
        "select c.relname, a.attname from pg_class c"
        " left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " where c.relnamespace = 'reporting_v1'::regnamespace and ("
        "coalesce(col_description(c.oid, a.attnum), '') = ''"
        " or coalesce(obj_description(c.oid, 'pg_class'), '') = '')"
    )
    assert bare == []
    now = columns()
    known = {*(name for of in now.values() for name in of)}
    known |= {f"{table}.{name}" for table, of in now.items() for name in of}
    assert sorted(set(COLUMNS) - known) == []
    assert set(now) == set(VIEWS)


def rendered() -> str:
    """The tables of docs/bi/README.md, from the comments of the database."""
    lines = []
    for table, of_table in sorted(columns().items(), key=lambda one: list(VIEWS).index(one[0])):
        lines += [
            "",
            f"### `{table}`",
            "",
            VIEWS[table],
            "",
            "| Column | Type | |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{name}` | {kind} | {column_words(table, name)} |"
            for name, kind in of_table.items()
        ]
    return "\n".join(lines) + "\n"


def test_every_column_is_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "bi" / "README.md").read_text(encoding="utf-8")
    assert page.partition("## Tables\n")[2] == rendered()


def test_installing_again_changes_nothing():
    before = columns(), select("select * from pg_policies order by 1, 2, 3")
    assert install() and install()
    assert (columns(), select("select * from pg_policies order by 1, 2, 3")) == before


@pytest.mark.usefixtures("bi_world")
def test_a_login_reads_the_schema_and_nothing_else():
    tables = select(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') and n.nspname in ('public', %s)", SCHEMA
    )  # fmt: skip
    rights = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
    with seen_by(teams=("a",)):
        for schema, table in tables:
            held = {
                right for right in rights
                if select("select has_table_privilege(%s, %s)", f"{schema}.{table}", right)[0][0]
            }  # fmt: skip
            assert held == ({"select"} if schema == SCHEMA else set()), (schema, table)
        assert select("select has_schema_privilege(%s, 'create')", SCHEMA) == [(False,)]


@pytest.mark.usefixtures("bi_world")
def test_no_table_tells_a_team_of_another_one():
    """A dimension lists what stands on the login's own rows; who has none sees no name at all."""
    facts = "reporting_v1.fact_cost_daily", "reporting_v1.fact_usage_daily"
    with seen_by(teams=("b",)):
        for name in ("feature", "model", "experiment", "workload", "team"):
            own = {row for fact in facts for row in select(f"select distinct {name} from {fact}")}
            listed = set(select(f"select {name} from reporting_v1.dim_{name}"))
            assert listed <= own, name
        assert select("select distinct team from reporting_v1.fact_cost_daily") == [("b",)]
        departments = "select distinct department, cost_centre from reporting_v1."
        assert select(departments + "dim_team") == [("", "")]
        assert select(departments + "fact_cost_daily") == [("", "")]
        for column, fact in (
            ("account", "cost"),
            ("service", "cost"),
            ("customer", "customer_cost"),
        ):
            own = set(select(f"select distinct {column} from reporting_v1.fact_{fact}_daily"))
            assert set(select(f"select {column} from reporting_v1.dim_{column}")) == own, column
    with seen_by(teams=("nobody",)):
        for table in sorted(set(VIEWS) - {"dim_date", "dim_source", "dim_exchange_rate",
                                          "data_freshness"}):  # fmt: skip
            assert select(f"select * from {SCHEMA}.{table}") == [], table


@pytest.mark.usefixtures("bi_world")
def test_a_leaky_function_sees_only_what_its_login_sees():
    """A filter that tells what it is asked of is asked of no row of another team."""
    with seen_by(teams=("b",)), connection.cursor() as cursor:
        cursor.execute(
            "create function pg_temp.tell(t text) returns bool language plpgsql cost 0.0000001"
            " as $$ begin raise notice 'saw %', t; return true; end $$"
        )
        heard = []
        connection.connection.add_notice_handler(lambda told: heard.append(told.message_primary))
        cursor.execute("select count(*) from reporting_v1.fact_cost_daily where pg_temp.tell(team)")
    assert set(heard) == {"saw b"}


def test_who_is_no_login_sees_nothing():
    """A role that somebody let in by hand, past `manage.py bi add`."""
    with connection.cursor() as cursor:
        cursor.execute("create role stray in role reporting_ro")
        cursor.execute("set role stray")
        cursor.execute("select count(*) from reporting_v1.dim_target")
        assert cursor.fetchone() == (0,)
        cursor.execute("reset role")


def test_where_roles_cannot_be_made_migrate_goes_on_and_the_command_says_what_to_do(monkeypatch):
    monkeypatch.setattr("aicost.bi.install.roles_are_there", lambda cursor: False)
    monkeypatch.setattr("aicost.bi.logins.is_open", lambda: False)
    assert install() is False
    for words in (("setup",), ("add", "tool")):
        with pytest.raises(CommandError, match="may not make roles(.|\n)*create role reporting_ro"):
            call_command("bi", *words)
    assert not Login.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("grant usage on schema reporting_v1 to reporting_ro")
        cursor.execute("set role reporting_ro")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("select * from reporting_v1.fact_cost_daily")
        cursor.execute("reset role")


def test_a_user_who_may_not_make_roles_is_told_apart_from_one_who_may():
    with connection.cursor() as cursor:
        assert roles_are_there(cursor)
        cursor.execute("create role plain nologin")
        cursor.execute("set role plain")
        assert not roles_are_there(cursor)
        cursor.execute("reset role")


def test_the_audit_trail_says_who_was_let_in():
    call_command("bi", "add", "bi_tool", "--teams", "b,a")
    call_command("bi", "add", "bi_tool", "--role", "finance")
    call_command("bi", "remove", "bi_tool")
    events = AuditEvent.objects.filter(action__startswith="bi_login").order_by("id")
    assert [told(event).line for event in events] == [
        "Said what the BI login bi_tool sees as viewer: a, b",
        "Said what the BI login bi_tool sees as finance: all teams",
        "Ended the BI login bi_tool",
    ]


@pytest.mark.parametrize("name", ["app", "Pg", "pg_x", "x;drop", "reporting_ro", "reporting_owner"])
def test_no_login_takes_over_another_role(name):
    with pytest.raises(CommandError):
        call_command("bi", "add", name)
