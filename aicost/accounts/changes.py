"""Changing people: role, teams, leaving and coming back. Every change is written down.

Somebody who left keeps their rows (rules, comments and the trail name them), but no session and
no token of theirs is good from then on: both are refused for whoever is not active.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from aicost.accounts.audit import TEAM_REMOVED, USER_CHANGED, record
from aicost.accounts.models import ADMIN, ROLES, Team, User
from aicost.accounts.people import BadPerson

NAME_CHARS_MAX = 150


@dataclass(frozen=True)
class Access:
    """What somebody may do and see. Without `sees_all_teams`, only the rows of `teams`."""

    role: str
    teams: tuple[str, ...] = ()
    sees_all_teams: bool = True

    def checked(self) -> "Access":
        """Raises `BadPerson` for a role that is none, or an admin who would see only some."""
        if self.role not in ROLES:
            raise BadPerson(f"there is no role {self.role!r}: take one of {', '.join(ROLES)}")
        if self.role == ADMIN and not self.sees_all_teams:
            raise BadPerson("an admin sees all teams: give another role, or all teams")
        return self


def access_of(user: User) -> Access:
    teams = tuple(user.teams.order_by("name").values_list("name", flat=True))
    role = ADMIN if user.is_superuser else user.role
    return Access(role, teams, user.sees_all_teams or user.is_superuser)


@transaction.atomic
def change_access(user: User, access: Access, by: User) -> bool:
    """Give a person this access; True if that changed anything. Raises `BadPerson`, and then
    nothing changed; the last admin stays one."""
    user = User.objects.select_for_update().get(pk=user.pk)
    old, new = access_of(user), access.checked()
    if old == new:
        return False
    if old.role == ADMIN and new.role != ADMIN:
        _refuse_without_admin(user)
    user.role, user.sees_all_teams = new.role, new.sees_all_teams
    user.is_staff = user.is_superuser = new.role == ADMIN
    user.save(update_fields=["role", "sees_all_teams", "is_staff", "is_superuser"])
    user.teams.set(teams_named(new.teams))
    told = {"from": vars(old), "to": vars(new)}
    record(by, USER_CHANGED, user.get_username(), told)
    return True


@transaction.atomic
def set_active(user: User, active: bool, by: User) -> bool:
    """Let somebody in again, or end their sessions and tokens at once; True if it changed."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active == active:
        return False
    if not active and access_of(user).role == ADMIN:
        _refuse_without_admin(user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    record(by, USER_CHANGED, user.get_username(), {"active": active})
    return True


def _refuse_without_admin(leaving: User) -> None:
    # Locked, so that two admins cannot dismiss each other in the same moment.
    admins = list(User.objects.select_for_update().filter(is_superuser=True, is_active=True))
    if not [one for one in admins if one.pk != leaving.pk]:
        raise BadPerson(
            f"{leaving.get_username()} is the only admin: make somebody else an admin first"
        )


def teams_named(names: Iterable[str]) -> list[Team]:
    """The teams of these names; new ones are made. Raises `BadPerson` for a name of no letters."""
    found = []
    for name in dict.fromkeys(name.strip() for name in names):
        if not name or len(name) > NAME_CHARS_MAX or not name.isprintable():
            raise BadPerson(f"a team is called by 1 to {NAME_CHARS_MAX} printable characters")
        found.append(Team.objects.get_or_create(name=name)[0])
    return found


@transaction.atomic
def remove_team(team: Team, by: User) -> None:
    """Take away a team nobody is in; the ledger's rows of that name stay. Raises `BadPerson`."""
    if people := team.user_set.count():
        raise BadPerson(f"{people} people are in {team.name}: give them another team first")
    record(by, TEAM_REMOVED, team.name)
    team.delete()
