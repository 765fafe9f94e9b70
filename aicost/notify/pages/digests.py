"""Digests: added, changed, paused, looked at and tried."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aicost.accounts.audit import DIGEST_ENDED, DIGEST_SAVED, record
from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.notify.digests.subject import NoSubject, about
from aicost.notify.edit import BadForm, DigestForm, Receivers, end, pause, save_digest
from aicost.notify.models import ALL, CADENCES, TEAM, VIEW, WEEKLY, Channel, Schedule
from aicost.notify.pages.listing import show
from aicost.notify.pages.offered import receivers_of, teams_offered
from aicost.notify.pages.sent import mail_page
from aicost.notify.rights import may_change, may_send_to_others, seen
from aicost.notify.schedules import check, preview, send_me
from aicost.web.saved import seen_by
from aicost.web.shell import frame, sentence


def found(request: HttpRequest, schedule_id: int, *, to_change: bool = True) -> Schedule:
    """The schedule, if this person sees it, and may change it. Raises Http404."""
    one = seen(request.user, Schedule).select_related("view").filter(pk=schedule_id).first()
    if one is None or (to_change and not may_change(request.user, one)):
        raise Http404
    return one


@login_required
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _form(request, found(request, schedule_id))


def _form(request: HttpRequest, schedule: Schedule | None) -> HttpResponse:
    if request.method == "GET":
        return _show(request, schedule, _given(schedule, request.user), {})
    told = request.POST
    form = DigestForm(
        told.get("name", ""),
        told.get("cadence", ""),
        told.get("about", ""),
        told.get("hour", ""),
        receivers_told(request),
    )
    views = list(seen_by(request.user, asker_of(request.user)))
    try:
        saved = save_digest(request.user, asker_of(request.user), form, views, schedule)
    except BadForm as error:
        return _show(request, schedule, form, error.errors)
    detail = {"cadence": saved.cadence, "about": form.about, "to": saved.recipients.count()}
    record(request.user, DIGEST_SAVED, saved.name, detail)
    return redirect("digest_preview", saved.pk)


def receivers_told(request: HttpRequest) -> Receivers:
    told = request.POST
    return Receivers(
        tuple(told.getlist("user")), tuple(told.getlist("channel")), told.get("addresses", "")
    )


def _given(schedule: Schedule | None, user: User) -> DigestForm:
    if schedule is None:
        return DigestForm("Weekly AI spend", to=Receivers(users=(str(user.pk),)))
    of = {TEAM: f"{TEAM}:{schedule.team}", VIEW: f"{VIEW}:{schedule.view_id}"}
    chosen = of.get(schedule.about, ALL)
    to = receivers_of(schedule.recipients.filter(ended_at=None))
    return DigestForm(schedule.name, schedule.cadence, chosen, str(schedule.hour), to)


def _show(
    request: HttpRequest, schedule: Schedule | None, form: DigestForm, errors: dict
) -> HttpResponse:
    user = request.user
    others = may_send_to_others(user)
    context = frame(request, "reports") | {
        "title": f"Change {schedule.name}" if schedule else "Add a digest",
        "schedule": schedule,
        "form": form,
        "errors": errors,
        "cadences": CADENCES,
        "weekly": WEEKLY,
        "hours": [(str(n), f"{n:02}:00") for n in range(24)],
        "teams": [(f"{TEAM}:{name}", name) for name in teams_offered(asker_of(user))],
        "views": [(f"{VIEW}:{one.pk}", one.name) for one in seen_by(user, asker_of(user))],
        "people": User.objects.filter(is_active=True).order_by("username") if others else [user],
        "channels": Channel.objects.filter(ended_at=None).order_by("name") if others else [],
        "others": others,
    }
    return render(request, "pages/digest_form.html", context, status=400 if errors else 200)


@login_required
@require_safe
def look(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """The last one that fell due, as whoever asks would have it."""
    schedule = found(request, schedule_id, to_change=False)
    try:
        check(schedule, request.user)
    except NoSubject as error:
        return sentence(request, 400, "No digest can be made", f"{str(error).capitalize()}.")
    context = frame(request, "reports") | {
        "title": schedule.name,
        "schedule": schedule,
        "about": about(schedule),
        "may_change": may_change(request.user, schedule),
        "address": request.user.email,
    }
    return render(request, "pages/digest_preview.html", context)


@login_required
@require_safe
def mail(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """The preview as mail, for its frame."""
    schedule = found(request, schedule_id, to_change=False)
    try:
        return mail_page(preview(schedule, request.user).html)
    except NoSubject as error:
        return sentence(request, 400, "No digest can be made", f"{str(error).capitalize()}.")


@login_required
@require_POST
def test(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Send it to whoever asks, now."""
    schedule = found(request, schedule_id, to_change=False)
    if not request.user.email:
        return show(request, problem="You have no mail address: an admin can enter it.")
    try:
        send_me(schedule, request.user)
    except NoSubject as error:
        return show(request, problem=f"{str(error).capitalize()}.")
    return show(request, said=f"On its way to {request.user.email}.")


@login_required
@require_POST
def switch(request: HttpRequest, schedule_id: int) -> HttpResponse:
    schedule = found(request, schedule_id)
    record(request.user, DIGEST_SAVED, schedule.name, {"enabled": pause(schedule)})
    return redirect("reports")


@login_required
@require_POST
def finish(request: HttpRequest, schedule_id: int) -> HttpResponse:
    schedule = found(request, schedule_id)
    end(schedule)
    record(request.user, DIGEST_ENDED, schedule.name)
    return redirect("reports")
