"""What people announce on Anomalies: plain forms, each back to the page."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from aicost.accounts.scope import asker_of, may_act_on_alerts
from aicost.web.shell import refuse, sentence
from attribution.alerting.announced import BadEvent, Told, announce, withdraw


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    if not may_act_on_alerts(request.user):
        return refuse(request, "announcing events")
    told = request.POST
    try:
        begins, ends = _day(told.get("begins", "")), told.get("ends", "")
        event = Told(
            told.get("level", ""), told.get("name", ""), begins, _day(ends) if ends else None,
            told.get("text", ""),
        )  # fmt: skip
        announce(event, request.user, asker_of(request.user))
    except BadEvent as error:
        return sentence(request, 400, "Nothing was announced", f"{str(error).capitalize()}.")
    return redirect("anomalies")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadEvent("give both days as YYYY-MM-DD; the last may be empty") from None


@login_required
@require_POST
def end(request: HttpRequest, event_id: int) -> HttpResponse:
    if not may_act_on_alerts(request.user):
        return refuse(request, "announcing events")
    try:
        withdraw(event_id, request.user, asker_of(request.user))
    except BadEvent as error:
        return sentence(request, 404, "Nothing was withdrawn", f"{str(error).capitalize()}.")
    return redirect("anomalies")
