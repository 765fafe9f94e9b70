"""Making people: the command, the demo and the tests all come through here."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from aicost.accounts.audit import USER_ADDED, record
from aicost.accounts.models import ADMIN, ENGINEER, FINANCE, FINOPS, ROLES, Team, User

# The people the demo company logs in with: username, full name, role.
DEMO_PEOPLE = (
    ("finance", ("Dana", "Ruiz"), FINANCE),
    ("engineering", ("Ivo", "Brandt"), ENGINEER),
    ("finops", ("Mara", "Lindt"), FINOPS),
    ("admin", ("Ada", "Berg"), ADMIN),
)


class BadPerson(ValueError):
    """The user cannot be made as asked; the message says what to change."""


@transaction.atomic
def add_user(
    username: str, password: str, *, role: str, teams: Iterable[str] = (), name: tuple = ("", "")
) -> User:
    """Make a user. With `teams` they see only those teams' rows, without any they see all."""
    if role not in ROLES:
        raise BadPerson(f"there is no role {role!r}: take one of {', '.join(ROLES)}")
    if User.objects.filter(username=username).exists():
        raise BadPerson(f"user {username!r} exists: choose another name")
    teams = tuple(teams)
    user = User(
        username=username,
        first_name=name[0],
        last_name=name[1],
        role=role,
        sees_all_teams=not teams,
        is_staff=role == ADMIN,
        is_superuser=role == ADMIN,
    )
    user.set_password(password)
    user.save()
    user.teams.set([Team.objects.get_or_create(name=team)[0] for team in teams])
    record(None, USER_ADDED, username, {"role": role, "teams": list(teams)})
    return user


def ensure_demo_users(passwords: Mapping[str, str]) -> list[User]:
    """The demo's people with these passwords (by username); safe to repeat."""
    users = []
    for username, name, role in DEMO_PEOPLE:
        user = User.objects.filter(username=username).first()
        if user is None:
            user = add_user(username, passwords[username], role=role, name=name)
        elif not user.check_password(passwords[username]):
            user.set_password(passwords[username])
            user.save(update_fields=["password"])
        users.append(user)
    return users
