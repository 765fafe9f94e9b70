"""A login from its making to its end, over connections of its own."""

from django.core.management import CommandError, call_command
from django.db import connection
import psycopg
import pytest

from aicost.bi.logins import SESSION


@pytest.mark.django_db(transaction=True)
def test_a_login_is_made_used_and_ended_by_the_command(capsys):
    call_command("bi", "add", "bi_search", "--teams", "search, ranking")
    password = capsys.readouterr().out.splitlines()[-1]
    place = {**connection.get_connection_params(), "user": "bi_search", "password": password}
    place = {k: place[k] for k in ("host", "port", "dbname", "user", "password")}
    with psycopg.connect(**place, autocommit=True) as session:
        for setting, value in SESSION.items():
            shown = session.execute(f"show {setting}").fetchone()[0]
            assert shown.replace("1min", "60s") == value
        session.execute("select * from fact_cost_daily")
        session.execute("set default_transaction_read_only = off")
        for not_allowed in ("delete from fact_alert", "select * from public.accounts_user",
                            "create table reporting_v1.mine (a int)"):  # fmt: skip
            with pytest.raises(psycopg.Error, match="permission denied|must be owner"):
                session.execute(not_allowed)
        session.execute("select lo_from_bytea(0, 'what the server lets everybody keep')")
        call_command("bi", "list")
        line = capsys.readouterr().out.splitlines()[0]
        assert line.startswith("bi_search  viewer  ranking,search  made 2")
        assert line.endswith("1 sessions") and password not in line
        call_command("bi", "remove", "bi_search")
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**place)
    with pytest.raises(CommandError, match="no login"):
        call_command("bi", "remove", "bi_search")
