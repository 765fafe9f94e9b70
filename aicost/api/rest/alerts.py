"""/api/v1/alerts: what the ledger noticed, and what people do with it, as on the page."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth import get_user_model
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from rest_framework import serializers

from aicost.accounts.audit import ALERT_ACTED, record
from aicost.accounts.scope import may_act_on_alerts
from aicost.api.rest import described as d
from aicost.api.rest.filtered import PAGED, listed, paged, params_of, picked
from aicost.api.rest.frame import Nothing, Resource, document_of, operation
from attribution.alerting import actions
from attribution.models import Alert
from attribution.models.alerts import SEVERITIES, STATES, VERDICTS
from attribution.reports.alerts import row_of, visible

TAGS = ["alerts"]
PEOPLE = ("assigned_to", "acknowledged_by")


class AlertFilter(filters.FilterSet):
    """What alerts are listed by."""

    state = filters.MultipleChoiceFilter(choices=[(one, one) for one in STATES])
    severity = filters.MultipleChoiceFilter(choices=[(one, one) for one in SEVERITIES])
    kind = filters.CharFilter()
    level = filters.CharFilter()
    name = filters.CharFilter()
    team = filters.CharFilter()
    onset_from = filters.DateFilter("onset", "gte")
    onset_to = filters.DateFilter("onset", "lt")

    class Meta:
        model = Alert
        fields = ()


class Alerts(Resource):
    @operation(
        "Alerts, by number",
        params=(*params_of(AlertFilter), *PAGED),
        answers={200: paged("alerts", d.ROW)},
        operation_id="list_alerts",
        tags=TAGS,
        says="The columns of report `alerts`, of all times; who sees only some teams, those whose "
        "money is all theirs.",
    )
    def get(self, request) -> HttpResponse:
        found = picked(AlertFilter, self.given, visible(self.asker)).defer("evidence", "rule")
        return listed(self, request, "alerts", found, row_of)


class OneAlert(Resource):
    @operation(
        "One alert with what happened to it",
        answers={200: d.of("Alert")},
        operation_id="read_alert",
        tags=TAGS,
    )
    def get(self, request, alert_id: int) -> HttpResponse:
        return document_of(_told(_found(self, alert_id)))


def _found(view: Resource, alert_id: int) -> Alert:
    found = visible(view.asker).select_related(*PEOPLE).filter(pk=alert_id).first()
    if found is None:
        raise Http404
    return found


def _told(alert: Alert) -> dict:
    events = alert.events.select_related("by").order_by("id")
    return row_of(alert) | {
        "rule": alert.rule,
        "assigned_to": _name(alert.assigned_to),
        "acknowledged_by": _name(alert.acknowledged_by),
        "acknowledged_at": alert.acknowledged_at,
        "snoozed_until": alert.snoozed_until,
        "events": [
            {"at": one.at, "what": one.what, "by": _name(one.by), "text": one.text}
            for one in events
        ],
    }


def _name(user) -> str | None:
    return user.get_username() if user else None


class SnoozeBody(serializers.Serializer):
    until = serializers.DateField(help_text="Silent before this day, at most 90 days ahead.")


class AssignBody(serializers.Serializer):
    to = serializers.CharField(
        allow_null=True, max_length=150, help_text="A user name; null is nobody."
    )


class CommentBody(serializers.Serializer):
    text = serializers.CharField(max_length=actions.TEXT_MAX)


class FeedbackBody(serializers.Serializer):
    verdict = serializers.ChoiceField(choices=[(one, one) for one in VERDICTS])
    text = serializers.CharField(required=False, allow_blank=True, max_length=actions.TEXT_MAX)


def _snooze(alert_id: int, body: dict, by) -> None:
    until: date = body["until"]
    actions.snooze(alert_id, until, by)


def _assign(alert_id: int, body: dict, by) -> None:
    people = get_user_model().objects.filter(is_active=True)
    to = people.filter(username=body["to"]).first() if body["to"] is not None else None
    if body["to"] is not None and to is None:
        raise actions.BadAction("nobody is called so")
    actions.assign(alert_id, to, by)


def _feedback(alert_id: int, body: dict, by) -> None:
    actions.give_feedback(alert_id, body["verdict"], by, body.get("text", ""))


def _action(what: str, summary: str, body: type, act: Callable) -> type[Resource]:
    """The resource of one thing people do with an alert."""

    class Act(Resource):
        @operation(
            summary,
            body=body,
            answers={200: d.of("Alert")},
            key=d.KEY,
            operation_id=f"{what}_alert",
            tags=TAGS,
        )
        def post(self, request, alert_id: int) -> tuple[int, dict]:
            alert = _found(self, alert_id)
            self.allow(may_act_on_alerts, f"{what} an alert")
            act(alert_id, self.body, self.user_asks)
            told = {"alert": alert_id, "what": what}
            record(self.user_asks, ALERT_ACTED, alert.title[:200], told)
            return 200, _told(_found(self, alert_id))

    return Act


ACTIONS: dict[str, type[Resource]] = {
    "acknowledge": _action(
        "acknowledge", "Somebody looks at it", Nothing,
        lambda alert_id, body, by: actions.acknowledge(alert_id, by),
    ),
    "snooze": _action("snooze", "Silent before a day", SnoozeBody, _snooze),
    "assign": _action("assign", "To a person, or to nobody", AssignBody, _assign),
    "comment": _action(
        "comment", "Say something", CommentBody,
        lambda alert_id, body, by: actions.comment(alert_id, body["text"], by),
    ),
    "feedback": _action("feedback", "Whether it was expected or useful", FeedbackBody, _feedback),
    "close": _action(
        "close", "Done with", Nothing, lambda alert_id, body, by: actions.close(alert_id, by)
    ),
}  # fmt: skip
