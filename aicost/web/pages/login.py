"""Log in and out. A refused login never says which half was wrong."""

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts import audit
from aicost.accounts.throttle import WINDOW, is_locked

LOCKED = (
    f"Too many refused logins. Wait {WINDOW.seconds // 60} minutes, "
    "or ask an admin to set a new password."
)
WRONG = "User and password do not match."


def _next(request: HttpRequest) -> str:
    """Where to go after login: an address of this site, else the overview."""
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if ours else "/"


def try_login(request: HttpRequest, username: str, password: str) -> str:
    """Log the user in and return "", or return the reason why not. Both are recorded."""
    address = request.META.get("REMOTE_ADDR", "")
    subject = username.casefold()[:150]
    if is_locked(username, address):
        return LOCKED
    user = authenticate(request, username=username, password=password)
    if user is None:
        audit.record(None, audit.LOGIN_REFUSED, subject, {"address": address})
        if is_locked(username, address):
            audit.record(None, audit.LOGIN_LOCKED, subject, {"address": address})
            return LOCKED
        return WRONG
    login(request, user)
    audit.record(user, audit.LOGIN, subject, {"address": address})
    return ""


@never_cache
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    # No name holds a NUL, and the database refuses to be asked for one.
    username, refused = request.POST.get("username", "").replace("\x00", ""), ""
    if request.method == "POST":
        refused = try_login(request, username, request.POST.get("password", ""))
        if not refused:
            return HttpResponseRedirect(_next(request))
    context = {"username": username, "refused": refused, "next": _next(request)}
    return render(request, "pages/login.html", context, status=403 if refused else 200)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        audit.record(request.user, audit.LOGOUT, request.user.get_username())
    logout(request)
    return redirect("login")
