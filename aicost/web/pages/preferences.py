"""Preferences: what one person likes to begin with, and for admins what holds for everybody."""

from calendar import month_name

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from aicost.accounts.audit import COMPANY_SAVED, record
from aicost.accounts.company import company, set_company, zone_of, zones
from aicost.accounts.scope import may_set_company
from aicost.kernel.periods import utc_now
from aicost.web.ask import calendar_of
from aicost.web.shell import frame, refuse
from aicost.web.spans import DEFAULT_PRESET, PRESETS, preset_text

THEMES = (("", "As the system"), ("light", "Light"), ("dark", "Dark"))


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Two forms; each is sent by itself."""
    if request.method == "GET":
        return _show(request)
    if request.POST.get("do") == "company":
        if not may_set_company(request.user):
            return refuse(request, "company")
        problem = _company(request)
    else:
        problem = _own(request)
    return _show(request, problem) if problem else redirect("preferences")


def _own(request: HttpRequest) -> str:
    """What is wrong with the form, or ""."""
    user, sent = request.user, request.POST
    zone, theme = sent.get("time_zone", ""), sent.get("theme", "")
    first = sent.get("first_period", "")
    if zone and zone not in zones():
        return f"{zone[:60]} is no time zone such as Europe/Berlin."
    if theme not in dict(THEMES):
        return f"{theme[:20]} is no theme: take light or dark."
    if first and first not in PRESETS:
        return f"{first[:20]} is no period: take one of {', '.join(PRESETS)}."
    user.time_zone, user.theme = zone, theme
    user.letters_off = sent.get("letters") != "on"
    user.first_period = "" if first == DEFAULT_PRESET else first
    user.save(update_fields=["time_zone", "theme", "letters_off", "first_period"])
    return ""


def _company(request: HttpRequest) -> str:
    month, zone = request.POST.get("fiscal_month", ""), request.POST.get("time_zone", "")
    if month not in map(str, range(1, 13)):
        return f"{month[:20]} is no month from 1 to 12."
    before = company()
    try:
        now = set_company(int(month), zone[:60])
    except ValueError as error:
        return f"{str(error)}."
    changed = {
        name: [getattr(before, name), getattr(now, name)]
        for name in ("fiscal_month", "time_zone")
        if getattr(before, name) != getattr(now, name)
    }
    if changed:
        record(request.user, COMPANY_SAVED, "company", changed)
    return ""


def _show(request: HttpRequest, problem: str = "") -> HttpResponse:
    by, ours = calendar_of(request.user), company()
    context = frame(request, "preferences") | {
        "title": "Preferences",
        "problem": problem,
        "zones": zones(),
        "zone_name": str(zone_of(request.user)),
        "now": utc_now(),
        "company": ours,
        "themes": THEMES,
        "periods": [(name, preset_text(name, by)) for name in PRESETS],
        "first": by.preset,
        "months": [(n, month_name[n]) for n in range(1, 13)],
        "may_set_company": may_set_company(request.user),
    }
    return render(request, "pages/preferences.html", context, status=400 if problem else 200)
