"""What people do with an alert: plain forms, each back to its page."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from aicost.accounts.audit import ALERT_ACTED, record
from aicost.accounts.scope import asker_of, may_act_on_alerts
from aicost.web.shell import refuse, sentence
from attribution.alerting import actions
from attribution.alerting.feedback import BadVerdict
from attribution.reports.alerts import visible
from ingest.connect import is_storable


def _assign(alert_id: int, told, by) -> None:
    people = get_user_model().objects.filter(is_active=True)
    to = people.filter(pk=int(told["to"])).first() if told.get("to", "").isdigit() else None
    if told.get("to") and to is None:
        raise actions.BadAction("nobody is called so")
    actions.assign(alert_id, to, by)


def _snooze(alert_id: int, told, by) -> None:
    try:
        until = date.fromisoformat(told.get("until", ""))
    except ValueError:
        raise actions.BadAction("give the day as YYYY-MM-DD") from None
    actions.snooze(alert_id, until, by)


def _text(told) -> str:
    text = told.get("text", "")
    if not is_storable(text):
        raise actions.BadAction("it holds a character that cannot be kept")
    return text


def _comment(alert_id: int, told, by) -> None:
    actions.comment(alert_id, _text(told), by)


def _feedback(alert_id: int, told, by) -> None:
    actions.give_feedback(alert_id, told.get("verdict", ""), by, _text(told))


def _acknowledge(alert_id: int, told, by) -> None:
    actions.acknowledge(alert_id, by)


def _close(alert_id: int, told, by) -> None:
    actions.close(alert_id, by)


DO: dict[str, Callable] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "snooze": _snooze,
    "comment": _comment,
    "feedback": _feedback,
    "close": _close,
}


@login_required
@require_POST
def act(request: HttpRequest, alert_id: int, what: str) -> HttpResponse:
    """Only on alerts one may see; a viewer reads."""
    alert = get_object_or_404(visible(asker_of(request.user)), pk=alert_id)
    if what not in DO:
        raise Http404(f"no action {what}")
    if not may_act_on_alerts(request.user):
        return refuse(request, f"alert {alert_id}: {what}")
    try:
        DO[what](alert_id, request.POST, request.user)
    except (actions.BadAction, BadVerdict) as error:
        return sentence(request, 400, "Nothing was changed", f"{str(error).capitalize()}.")
    record(request.user, ALERT_ACTED, alert.title[:200], {"alert": alert_id, "what": what})
    return redirect("alert", alert_id=alert_id)
