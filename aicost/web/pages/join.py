"""The page behind an invitation or a password link, and one's own new password."""

from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from aicost.accounts.invitations import change_password, invitation_of, join
from aicost.accounts.people import BadPerson
from aicost.web.shell import frame

BACKEND = "django.contrib.auth.backends.ModelBackend"
GONE = "This link is not good any more: it was used, taken back or is over seven days old."


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a name and a password, and be logged in."""
    invitation = invitation_of(secret)
    if invitation is None:
        return render(request, "pages/join.html", {"gone": GONE}, status=404)
    given = {name: request.POST.get(name, "") for name in ("username", "name")}
    problem = ""
    if request.method == "POST":
        try:
            user = join(secret, given["username"], given["name"], _twice(request))
        except BadPerson as error:
            problem = _sentence(error)
        else:
            login(request, user, backend=BACKEND)
            return redirect("overview")
    else:
        given["username"] = invitation.email.partition("@")[0]
    context = {"invitation": invitation, "given": given, "problem": problem}
    return render(request, "pages/join.html", context, status=400 if problem else 200)


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """One's own new password; this session stays, the others end."""
    problem, done = "", False
    if request.method == "POST":
        try:
            change_password(request.user, request.POST.get("old", ""), _twice(request))
            update_session_auth_hash(request, request.user)
            done = True
        except BadPerson as error:
            problem = _sentence(error)
    context = frame(request, "password") | {"title": "Password", "problem": problem, "done": done}
    return render(request, "pages/password.html", context, status=400 if problem else 200)


def _twice(request: HttpRequest) -> str:
    first, second = request.POST.get("password", ""), request.POST.get("again", "")
    if first != second:
        raise BadPerson("the two passwords are not the same")
    if "\x00" in first:
        raise BadPerson("a password holds no NUL")
    return first


def _sentence(error: BadPerson) -> str:
    text = str(error)
    return text[:1].upper() + text[1:].rstrip(".") + "."
