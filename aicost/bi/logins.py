"""Logins of the database for BI tools: members of reporting_ro, each with what it may see."""

from collections.abc import Sequence
import re
import secrets

from django.db import connection, transaction
from django.db.utils import DatabaseError
from psycopg import sql as compose

from aicost.accounts.audit import BI_LOGIN_ENDED, BI_LOGIN_SAVED, record
from aicost.accounts.models import ROLES, VIEWER
from aicost.bi.install import install, is_open
from aicost.bi.models import Login
from aicost.bi.roles import BY_HAND, READER, database_user
from aicost.kernel.sqlfiles import sql

CONNECTIONS_MAX = 10
ALL_TEAMS = "all teams"
# What a session of a login begins with. Rights allow no more than reading, whatever it sets.
SESSION = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "reporting_v1",
    "timezone": "UTC",
    "jit": "off",
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class BadLogin(ValueError):
    """The login cannot be made, or there is none of this name; the text says what to do."""


def add_login(name: str, role: str = VIEWER, teams: Sequence[str] | None = None) -> str | None:
    """Make a login and return its password, which nobody can read again; None for a login that an
    administrator made as a member of reporting_ro. Raises BadLogin."""
    if not _NAME.match(name) or name.startswith("pg_"):
        raise BadLogin(f"{name!r}: a login is of small letters, digits and _, and begins with one")
    if role not in ROLES:
        raise BadLogin(f"role {role!r} is not one of: {', '.join(ROLES)}")
    if teams is not None and not all(teams):
        raise BadLogin("a team has a name; leave --teams out for a login that sees all")
    _require_roles()
    with transaction.atomic(), connection.cursor() as cursor:
        made = None
        if not _is_reader(cursor, name):
            made = _create(cursor, name)
        values = {"role": role, "teams": None if teams is None else sorted(set(teams))}
        Login.objects.update_or_create(name=name, defaults=values)
        seen = ALL_TEAMS if teams is None else ", ".join(values["teams"])
        record(None, BI_LOGIN_SAVED, name, {"role": role, "teams": seen})
    return made


def remove_login(name: str) -> None:
    """End its sessions and delete it. Raises BadLogin."""
    if not Login.objects.filter(name=name).exists():
        raise BadLogin(f"no login {name!r}: manage.py bi list shows them")
    with transaction.atomic(), connection.cursor() as cursor:
        Login.objects.filter(name=name).delete()
        record(None, BI_LOGIN_ENDED, name)
        if _is_reader(cursor, name):
            _as_owner(cursor, compose.SQL("alter role {} nologin").format(_role(name)), name)
            # Whoever made a role may end its sessions as a member of it.
            _as_owner(cursor, compose.SQL("grant {} to current_user").format(_role(name)), name)
            cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity"
                           " where usename = %s", [name])  # fmt: skip
            # It may have left large objects; a role that owns anything cannot be dropped.
            _as_owner(cursor, compose.SQL("drop owned by {}").format(_role(name)), name)
            _as_owner(cursor, compose.SQL("drop role {}").format(_role(name)), name)


def listed() -> list[dict]:
    """Each login: name, role, teams (None: all), made_at, sessions (None: the server has no such
    role)."""
    with connection.cursor() as cursor:
        cursor.execute(sql("aicost.bi.queries", "sessions"), {"reader": READER})
        sessions = dict(cursor.fetchall())
    return [
        {"name": one.name, "role": one.role, "teams": one.teams, "made_at": one.made_at,
         "sessions": sessions.get(one.name)}
        for one in Login.objects.order_by("name")
    ]  # fmt: skip


def _require_roles() -> None:
    if not is_open() and not install():
        by_hand = BY_HAND.format(user=database_user())
        raise BadLogin(
            f"the database user {database_user()} may not make roles. An administrator of the"
            f" server runs once:\n\n{by_hand}\n\nand after that: manage.py bi setup"
        )


def _is_reader(cursor, name: str) -> bool:
    """Whether it is a login and a member of reporting_ro. Raises BadLogin for any other role."""
    cursor.execute("select rolcanlogin and pg_has_role(oid, %s, 'member') and not rolsuper"
                   " from pg_roles where rolname = %s", [READER, name])  # fmt: skip
    found = cursor.fetchone()
    if found and not found[0]:
        raise BadLogin(f"the server has a role {name} that is no login of {READER}; take another")
    return found is not None


def _create(cursor, name: str) -> str:
    """The server is sent a SCRAM verifier, so that no log ever holds the password."""
    password = secrets.token_urlsafe(24)
    connected = cursor.connection.pgconn
    verifier = connected.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    statement = compose.SQL(
        "create role {} login connection limit {} password {} in role {}"
    ).format(
        _role(name), compose.Literal(CONNECTIONS_MAX), compose.Literal(verifier.decode()),
        _role(READER),
    )  # fmt: skip
    _as_owner(cursor, statement, name)
    for setting, value in SESSION.items():
        _as_owner(
            cursor,
            compose.SQL("alter role {} set {} = {}").format(
                _role(name), compose.Identifier(setting), compose.Literal(value)
            ),
            name,
        )
    return password


def _as_owner(cursor, statement, name: str) -> None:
    try:
        cursor.execute(statement)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != "42501":
            raise
        raise BadLogin(
            f"the database user {database_user()} may not make or drop logins. An administrator of"
            f" the server runs\n\n{login_by_hand(name)}\n\nand you the same command again"
        ) from error


def login_by_hand(name: str) -> str:
    """The statements for an administrator; the password is theirs to choose."""
    lines = [f"create role {name} login connection limit {CONNECTIONS_MAX}"
             f" password 'choose one' in role {READER};"]  # fmt: skip
    return "\n".join([*lines, *(f"alter role {name} set {k} = '{v}';" for k, v in SESSION.items())])


def _role(name: str) -> compose.Identifier:
    return compose.Identifier(name)
