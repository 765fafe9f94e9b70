"""/api/v1/webhooks: programs that hear what happens, what they were told, and to tell it again; as
on the pages. They belong to the API, but a room knows only what stands below it: the API finds them
by the settings (AICOST_API_ADDRESSES)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from rest_framework import serializers

from aicost.accounts.audit import (
    WEBHOOK_ENDED,
    WEBHOOK_REPLAYED,
    WEBHOOK_SAVED,
    WEBHOOK_SECRET,
    record,
)
from aicost.api.rest import described as d
from aicost.api.rest.filtered import PAGED, listed, paged, params_of, picked
from aicost.api.rest.frame import Nothing, Resource, document_of, operation
from aicost.api.rest.problems import Refused
from aicost.kernel.periods import utc_now
from aicost.notify.models import Endpoint, Send
from aicost.notify.rights import may_configure
from aicost.notify.webhooks.endpoints import (
    ADDRESS_CHARS_MAX,
    DESCRIPTION_CHARS_MAX,
    GRACE_HOURS,
    NAMES,
    TEAMS_MAX,
    BadEndpoint,
    Wanted,
    add,
    change,
    end,
    old_secrets_until,
    rotate,
    send_test,
    switch,
)
from aicost.notify.webhooks.health import failing_since
from aicost.notify.webhooks.payload import ordered
from aicost.notify.webhooks.replay import BadReplay, replay_one, replay_span

TAGS = ["webhooks"]
TEAM_CHARS_MAX = 200
FIELDS = ("address", "description", "types", "teams")
SECRET_SAYS = "`secret` is shown in this answer and never again: not even under the same key."


class WebhookBody(serializers.Serializer):
    """What is left out stays as it is; no types are all, no teams (null) is everything."""

    address = serializers.CharField(required=False, max_length=ADDRESS_CHARS_MAX)
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=DESCRIPTION_CHARS_MAX
    )
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=[(one, one) for one in NAMES]), required=False
    )
    teams = serializers.ListField(
        child=serializers.CharField(max_length=TEAM_CHARS_MAX),
        required=False,
        allow_null=True,
        max_length=TEAMS_MAX,
    )


class NewWebhook(WebhookBody):
    address = serializers.CharField(max_length=ADDRESS_CHARS_MAX)


class ChangedWebhook(WebhookBody):
    enabled = serializers.BooleanField(required=False)


class RotateBody(serializers.Serializer):
    grace_hours = serializers.ChoiceField(
        choices=[(one, one) for one in GRACE_HOURS],
        help_text="How long the secret of now still signs; 0: it was lost.",
    )


# `from` is no name that a class can give its field.
ReplayBody = type(
    "ReplayBody",
    (serializers.Serializer,),
    {
        "from": serializers.DateTimeField(),
        "to": serializers.DateTimeField(required=False, help_text="Before it; now unless given."),
        "all": serializers.BooleanField(required=False, help_text="Also what arrived."),
    },
)


class MessageFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(choices=[(one, one) for one in Send.STATES])
    queued_from = filters.DateFilter("queued_at__date", "gte")
    queued_to = filters.DateFilter("queued_at__date", "lt")

    class Meta:
        model = Send
        fields = ()


def told_of(endpoint: Endpoint) -> dict:
    return {
        "webhook_id": endpoint.pk,
        "address": endpoint.address,
        "description": endpoint.description,
        "types": endpoint.types,
        "teams": endpoint.teams,
        "enabled": endpoint.enabled,
        "off_why": endpoint.off_why,
        "failing_since": failing_since(endpoint) if endpoint.enabled else None,
        "old_secret_until": old_secrets_until(endpoint, utc_now()),
        "made_by": endpoint.made_by.get_username(),
        "made_at": endpoint.made_at,
        "secret": None,
    }


def message_of(send: Send) -> dict:
    return {
        "message_id": send.pk,
        "webhook_message_id": f"msg_{send.message_id}",
        "subject": send.subject,
        "state": send.state,
        "tries": send.tries,
        "queued_at": send.queued_at,
        "next_try_at": send.next_try_at if send.state == Send.QUEUED else None,
        "settled_at": send.settled_at,
        "said": send.said,
        "answered": send.answered,
    }


class Hooks(Resource):
    """Whoever makes a webhook decides where figures are sent."""

    def found(self, webhook_id: int) -> Endpoint:
        """Raises NotAllowed, Http404."""
        self.allow(may_configure, "webhooks")
        endpoint = Endpoint.objects.filter(pk=webhook_id, ended_at=None).first()
        if endpoint is None:
            raise Http404
        return endpoint

    def message(self, webhook_id: int, message_id: int) -> Send:
        """Raises NotAllowed, Http404."""
        sends = Send.objects.select_related("happening")
        send = sends.filter(pk=message_id, endpoint=self.found(webhook_id)).first()
        if send is None:
            raise Http404
        return send

    def keep(self, what: str, endpoint: Endpoint, **detail: object) -> None:
        record(self.user_asks, what, str(endpoint), {"endpoint": endpoint.pk, **detail})


@contextmanager
def _refusing() -> Iterator[None]:
    """What the webhooks refuse, as problems."""
    try:
        yield
    except BadEndpoint as error:
        raise serializers.ValidationError(error.errors) from error
    except BadReplay as error:
        raise Refused(422, str(error), "Correct it; nothing was sent") from error


class Webhooks(Hooks):
    @operation(
        "All webhooks",
        answers={200: d.thing(webhooks=d.listed(d.of("Webhook")))},
        operation_id="list_webhooks",
        tags=TAGS,
    )
    def get(self, request) -> HttpResponse:
        self.allow(may_configure, "webhooks")
        found = Endpoint.objects.filter(ended_at=None).select_related("made_by").order_by("pk")
        return document_of({"webhooks": [told_of(one) for one in found]})

    @operation(
        "Add a webhook",
        body=NewWebhook,
        answers={201: d.of("Webhook")},
        key=d.KEY,
        operation_id="create_webhook",
        tags=TAGS,
        says=f"What it hears and how it is signed: docs/webhooks.md. {SECRET_SAYS}",
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_configure, "webhooks")
        with _refusing():
            made, secret = add(_wanted(self.body), self.user_asks)
        self.keep(WEBHOOK_SAVED, made, **{name: getattr(made, name) for name in FIELDS})
        self.shown_once = {"secret": secret}
        return 201, told_of(made)


class OneWebhook(Hooks):
    @operation(
        "One webhook", answers={200: d.of("Webhook")}, operation_id="read_webhook", tags=TAGS
    )
    def get(self, request, webhook_id: int) -> HttpResponse:
        return document_of(told_of(self.found(webhook_id)))

    @operation(
        "Change a webhook",
        body=ChangedWebhook,
        answers={200: d.of("Webhook")},
        key=d.KEY,
        operation_id="edit_webhook",
        tags=TAGS,
        says="What still waits and is not for it any more is held back. `enabled` switches it.",
    )
    def patch(self, request, webhook_id: int) -> tuple[int, dict]:
        endpoint = self.found(webhook_id)
        before = {name: getattr(endpoint, name) for name in FIELDS}
        with _refusing():
            change(endpoint, _wanted(before | self.body))
        if "enabled" in self.body and self.body["enabled"] != endpoint.enabled:
            switch(endpoint, self.body["enabled"])
        told = {name: getattr(endpoint, name) for name in (*FIELDS, "enabled")}
        self.keep(WEBHOOK_SAVED, endpoint, **told)
        return 200, told_of(endpoint)

    @operation(
        "End a webhook, for good",
        answers={200: d.thing(webhook_id=d.WHOLE, ended=d.YES_NO)},
        key=d.KEY,
        operation_id="end_webhook",
        tags=TAGS,
    )
    def delete(self, request, webhook_id: int) -> tuple[int, dict]:
        endpoint = self.found(webhook_id)
        end(endpoint)
        self.keep(WEBHOOK_ENDED, endpoint)
        return 200, {"webhook_id": webhook_id, "ended": True}


def _wanted(told: dict) -> Wanted:
    teams = told.get("teams")
    return Wanted(
        told["address"],
        told.get("description", ""),
        tuple(told.get("types", ())),
        None if teams is None else tuple(teams),
    )


class RotateWebhook(Hooks):
    @operation(
        "Give it another secret",
        body=RotateBody,
        answers={200: d.of("Webhook")},
        key=d.KEY,
        operation_id="rotate_webhook",
        tags=TAGS,
        says=SECRET_SAYS,
    )
    def post(self, request, webhook_id: int) -> tuple[int, dict]:
        endpoint, hours = self.found(webhook_id), self.body["grace_hours"]
        self.shown_once = {"secret": rotate(endpoint, hours)}
        self.keep(WEBHOOK_SECRET, endpoint, hours=hours)
        return 200, told_of(endpoint)


class TestWebhook(Hooks):
    @operation(
        "Send a test",
        body=Nothing,
        answers={202: d.of("WebhookMessage")},
        key=d.KEY,
        operation_id="test_webhook",
        tags=TAGS,
        says="It waits for the worker; its message says how it went.",
    )
    def post(self, request, webhook_id: int) -> tuple[int, dict]:
        endpoint = self.found(webhook_id)
        if not endpoint.enabled:
            raise Refused(422, "the webhook is switched off", "Switch it on first")
        return 202, message_of(send_test(endpoint, self.user_asks))


class Messages(Hooks):
    @operation(
        "The log of a webhook, by number",
        params=(*params_of(MessageFilter), *PAGED),
        answers={200: paged("messages", d.of("WebhookMessage"))},
        operation_id="list_webhook_messages",
        tags=TAGS,
        says="Each message and what became of it (docs/webhooks.md).",
    )
    def get(self, request, webhook_id: int) -> HttpResponse:
        sends = Send.objects.filter(endpoint=self.found(webhook_id)).defer("message", "history")
        return listed(self, request, "messages", picked(MessageFilter, self.given, sends),
                      message_of)  # fmt: skip


class OneMessage(Hooks):
    @operation(
        "One message: each try, and what is posted",
        answers={200: d.thing(message=d.of("WebhookMessage"), history=d.listed(d.HAPPENED),
                              payload={"type": "object"})},
        operation_id="read_webhook_message",
        tags=TAGS,
    )  # fmt: skip
    def get(self, request, webhook_id: int, message_id: int) -> HttpResponse:
        send = self.message(webhook_id, message_id)
        tries = [{"at": at, "what": what} for at, what in send.history]
        return document_of(
            {"message": message_of(send), "history": tries, "payload": ordered(send.message)}
        )


class ReplayMessage(Hooks):
    @operation(
        "Send a message again",
        body=Nothing,
        answers={202: d.of("WebhookMessage")},
        key=d.KEY,
        operation_id="replay_webhook_message",
        tags=TAGS,
        says="With the same `webhook-id`, by which a program knows what it has. One that still "
        "waits stays as it is.",
    )
    def post(self, request, webhook_id: int, message_id: int) -> tuple[int, dict]:
        send = self.message(webhook_id, message_id)
        with _refusing():
            if replay_one(send, self.user_asks):
                self.keep(WEBHOOK_REPLAYED, send.endpoint, send=send.pk)
        send.refresh_from_db()
        return 202, message_of(send)


class ReplaySpan(Hooks):
    @operation(
        "Send again what happened in a span and did not arrive",
        body=ReplayBody,
        answers={202: d.thing(again=d.WHOLE, new=d.WHOLE)},
        key=d.KEY,
        operation_id="replay_webhook",
        tags=TAGS,
        says="`new` are messages of what happened while it was off or not there yet.",
    )
    def post(self, request, webhook_id: int) -> tuple[int, dict]:
        endpoint, told = self.found(webhook_id), self.body
        start, stop, everything = told["from"], told.get("to", utc_now()), told.get("all", False)
        with _refusing():
            done = replay_span(endpoint, start, stop, self.user_asks, all_of_it=everything)
        self.keep(WEBHOOK_REPLAYED, endpoint, **{"from": start.isoformat(),
                  "to": stop.isoformat(), "all": everything, "again": done.again,
                  "new": done.new})  # fmt: skip
        return 202, {"again": done.again, "new": done.new}


_ONE = "webhooks/<int:webhook_id>"
RESOURCES: tuple[tuple[str, type[Resource]], ...] = (
    ("webhooks", Webhooks),
    (_ONE, OneWebhook),
    (f"{_ONE}/rotate", RotateWebhook),
    (f"{_ONE}/test", TestWebhook),
    (f"{_ONE}/replay", ReplaySpan),
    (f"{_ONE}/messages", Messages),
    (f"{_ONE}/messages/<int:message_id>", OneMessage),
    (f"{_ONE}/messages/<int:message_id>/replay", ReplayMessage),
)
