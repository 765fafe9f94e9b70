"""What a person may see: the bridge from a user to the asker every report requires."""

from aicost.accounts.models import ADMIN, ENGINEER, FINANCE, FINOPS, VIEWER, User
from attribution.once import once
from attribution.reports.spec import Asker

MONEY_ROLES = frozenset({FINANCE, FINOPS, ADMIN})
CONNECT_ROLES = frozenset({FINOPS, ADMIN})
UPLOAD_ROLES = frozenset({ENGINEER, FINANCE, FINOPS, ADMIN})


def role_of(user: User) -> str:
    """The role that counts; whoever may do everything in the admin is an admin here too."""
    return ADMIN if user.is_superuser else user.role


def asker_of(user: User) -> Asker:
    """The asker for every report this user asks for. No team and no wide view means no rows; who
    acts through a token that is limited to teams sees those among their own."""
    wide = user.sees_all_teams or user.is_superuser
    own, limit = None if wide else _teams_of(user), user.limited_to
    if own is None or limit is None:
        return Asker(role=role_of(user), teams=limit if own is None else own)
    return Asker(role=role_of(user), teams=tuple(name for name in own if name in limit))


@once
def _teams_of(user: User) -> tuple[str, ...]:
    return tuple(user.teams.order_by("name").values_list("name", flat=True))


def may_see_margin(user: User) -> bool:
    """Revenue and margin are for the roles that answer for them, and belong to no single team."""
    return role_of(user) in MONEY_ROLES and asker_of(user).teams is None


def may_see_sources(user: User) -> bool:
    """Sources and their totals belong to no team, so a team-scoped user does not see them."""
    return asker_of(user).teams is None


def may_upload(user: User) -> bool:
    return role_of(user) in UPLOAD_ROLES and may_see_sources(user)


def may_describe(user: User) -> bool:
    """Owners, titles and business cases of the names one sees are for whoever works with them."""
    return role_of(user) in UPLOAD_ROLES


def may_edit_names(user: User) -> bool:
    """What a name stands below, may cost or is called moves money between lines of the company."""
    return role_of(user) in MONEY_ROLES and may_see_sources(user)


def may_act_on_alerts(user: User) -> bool:
    """Everybody who works with the figures; a viewer reads."""
    return role_of(user) != VIEWER


def may_connect(user: User) -> bool:
    """Whoever connects a source decides where its credentials are sent."""
    return role_of(user) in CONNECT_ROLES and may_see_sources(user)


def may_edit_rules(user: User) -> bool:
    """A rule moves money between all teams, so that who sees only some does not change it."""
    return role_of(user) in MONEY_ROLES and asker_of(user).teams is None


def may_manage_people(user: User) -> bool:
    """Who decides what others see."""
    return role_of(user) == ADMIN


def may_send_files(user: User) -> bool:
    """Daily files hold what the whole company costs, and leave the product."""
    return role_of(user) == ADMIN and may_see_sources(user)


def may_read_audit(user: User) -> bool:
    """The trail names everybody and what they looked at."""
    return role_of(user) in (ADMIN, FINOPS) and may_see_sources(user)


def may_set_company(user: User) -> bool:
    """The fiscal year and the time zone of everybody."""
    return role_of(user) == ADMIN and may_see_sources(user)
