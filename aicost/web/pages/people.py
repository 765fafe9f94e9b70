"""People: who may log in, as what and for which teams; invitations, new passwords, teams."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts import changes, invitations
from aicost.accounts.changes import Access, access_of
from aicost.accounts.models import ROLES, VIEWER, ApiToken, AuditEvent, Invitation, Team, User
from aicost.accounts.people import BadPerson
from aicost.accounts.scope import may_manage_people, role_of
from aicost.web.lists import in_order_of
from aicost.web.shell import frame, refuse, sentence
from aicost.web.sorting import Sorting
from attribution.models import Target

EVENTS_SHOWN = 20
PEOPLE = Sorting(
    {"login": "user.username", "name": "name", "role": "role", "sees": "sees",
     "last_login": "user.last_login"},
    words=("login", "name", "role", "sees"),
)  # fmt: skip
INVITED = Sorting(
    {"email": "email", "role": "role", "by": "made_by.username", "until": "expires_at"},
    words=("email", "role", "by"),
    table="invited",
)
TEAMS = Sorting({"team": "team.name", "people": "many"}, words=("team",), table="teams")
TEAMS_OFFERED = 300
ROLE_SAYS = {
    "viewer": "sees costs",
    "engineer": "sees costs, adds data, describes names",
    "finance": "also sees revenue and margin; closes months, edits rules and prices",
    "finops": "as finance, and connects sources and makes tokens",
    "admin": "all of it, and decides about people",
}


def _asked(request: HttpRequest) -> Access:
    """The access a form asks for. Raises `BadPerson`."""
    teams = [*request.POST.getlist("team"), *request.POST.get("more_teams", "").split(",")]
    named = tuple(dict.fromkeys(name.strip() for name in teams if name.strip()))
    sees_all = request.POST.get("sees") != "teams"
    if not sees_all and not named:
        raise BadPerson("name at least one team, or let them see all teams")
    role = request.POST.get("role", VIEWER)
    return Access(role, () if sees_all else named, sees_all).checked()


def _offered() -> list[str]:
    """The teams people are in, and those the ledger knows."""
    ledger = Target.objects.exclude(team="").order_by("team").values_list("team", flat=True)
    known = Team.objects.values_list("name", flat=True)
    return sorted({*known, *ledger.distinct()[:TEAMS_OFFERED]}, key=str.casefold)


def _roles() -> list[tuple[str, str]]:
    return [(role, ROLE_SAYS[role]) for role in ROLES]


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Everybody; a POST invites. The link stands on the answer to the form and nowhere else."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    link, problem = "", ""
    if request.method == "POST":
        try:
            access = _asked(request)
            made, secret = invitations.invite(request.POST.get("email", ""), access, request.user)
            link = _link(request, secret)
        except BadPerson as error:
            problem = f"{str(error).capitalize()}."
    people = User.objects.prefetch_related("teams").order_by("-is_active", "username")
    waiting = invitations.open_invitations().filter(user=None).select_related("made_by")
    teams = Team.objects.order_by("name").prefetch_related("user_set")
    context = frame(request, "people") | {
        "title": "People",
        "people": in_order_of(request, PEOPLE, map(_person, people)),
        "waiting": in_order_of(request, INVITED, waiting),
        "teams": in_order_of(request, TEAMS, map(_team, teams)),
        "offered": _offered(),
        "roles": _roles(),
        "link": link,
        "problem": problem,
        "given": request.POST,
        "chosen": request.POST.getlist("team"),
    }
    return render(request, "pages/people.html", context, status=400 if problem else 200)


def _person(user: User) -> dict:
    names = sorted((team.name for team in user.teams.all()), key=str.casefold)
    sees_all = user.sees_all_teams or user.is_superuser
    return {
        "user": user,
        "name": user.get_full_name(),
        "role": role_of(user),
        "sees": "all teams" if sees_all else ", ".join(names),
    }


def _team(team: Team) -> dict:
    users = list(team.user_set.all())
    return {"team": team, "users": users, "many": len(users)}


def _link(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("join", args=[secret]))


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: a POST changes role and teams."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    user = get_object_or_404(User, pk=user_id)
    if request.method == "POST":
        who = request.user
        return _tried(request, user, lambda: changes.change_access(user, _asked(request), who))
    return _show(request, user)


def _tried(request: HttpRequest, user: User, change) -> HttpResponse:
    try:
        change()
    except BadPerson as error:
        return _show(request, user, problem=f"{str(error).capitalize()}.")
    return redirect("person", user.pk)


def _show(request: HttpRequest, user: User, problem: str = "", link: str = "") -> HttpResponse:
    user = User.objects.get(pk=user.pk)
    access = access_of(user)
    known = {*_offered(), *access.teams}
    context = frame(request, "people") | {
        "title": user.get_username(),
        "one": user,
        "access": access,
        "offered": sorted(known, key=str.casefold),
        "chosen": access.teams,
        "given": {"role": access.role, "sees": "all" if access.sees_all_teams else "teams"},
        "roles": _roles(),
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk"),
        "events": AuditEvent.objects.filter(user=user).order_by("-pk")[:EVENTS_SHOWN],
        "problem": problem,
        "link": link,
    }
    return render(request, "pages/person.html", context, status=400 if problem else 200)


@login_required
@require_POST
def active(request: HttpRequest, user_id: int) -> HttpResponse:
    """Somebody leaves, or is let in again."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    user = get_object_or_404(User, pk=user_id)
    wanted = request.POST.get("active") == "1"
    return _tried(request, user, lambda: changes.set_active(user, wanted, request.user))


@never_cache
@login_required
@require_POST
def reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """A link by which somebody sets a new password, shown once."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    user = get_object_or_404(User, pk=user_id)
    try:
        _, secret = invitations.reset(user, request.user)
    except BadPerson as error:
        return _show(request, user, problem=f"{str(error).capitalize()}.")
    return _show(request, user, link=_link(request, secret))


@login_required
@require_POST
def take_back(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """An invitation nobody has used is good no more."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    invitations.end(get_object_or_404(Invitation, pk=invitation_id), request.user)
    return redirect("people")


@login_required
@require_POST
def remove_team(request: HttpRequest, team_id: int) -> HttpResponse:
    """A team nobody is in goes; the ledger's rows of its name stay."""
    if not may_manage_people(request.user):
        return refuse(request, "people")
    try:
        changes.remove_team(get_object_or_404(Team, pk=team_id), request.user)
    except BadPerson as error:
        return sentence(request, 400, "The team stays", f"{str(error).capitalize()}.")
    return redirect("people")
