"""/api/v1/announcements: launches, migrations and load tests, so that they are not told as
anomalies; as on the page."""

from django.http import Http404, HttpResponse
from rest_framework import serializers

from aicost.accounts.scope import may_act_on_alerts
from aicost.api.rest import described as d
from aicost.api.rest.filtered import PAGED, listed, paged
from aicost.api.rest.frame import Resource, operation
from attribution.alerting.announced import (
    ANNOUNCED_LEVELS,
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    Told,
    announce,
    seen_by,
    withdraw,
)
from attribution.models import KnownEvent

TAGS = ["alerts"]


class AnnouncementBody(serializers.Serializer):
    level = serializers.ChoiceField(choices=[(one, one) for one in ANNOUNCED_LEVELS])
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=NAME_CHARS_MAX,
        help_text="Of the team, model…; nothing for all AI.",
    )  # fmt: skip
    begins = serializers.DateField()
    ends = serializers.DateField(
        required=False, allow_null=True, help_text="Its last day; null: it stays, as a launch does."
    )
    text = serializers.CharField(max_length=TEXT_CHARS_MAX)


def told_of(event: KnownEvent) -> dict:
    return {
        "announcement_id": event.pk,
        "level": event.level,
        "name": event.name,
        "begins": event.begins,
        "ends": event.ends,
        "text": event.text,
        "by": event.by.get_username() if event.by else None,
        "created_at": event.created_at,
    }


class Announcements(Resource):
    @operation(
        "What people announced, by number",
        params=PAGED,
        answers={200: paged("announcements", d.of("Announcement"))},
        operation_id="list_announcements",
        tags=TAGS,
        says="Who sees only some teams, those of these teams.",
    )
    def get(self, request) -> HttpResponse:
        return listed(self, request, "announcements", seen_by(self.asker), told_of)

    @operation(
        "Announce something",
        body=AnnouncementBody,
        answers={201: d.of("Announcement")},
        key=d.KEY,
        operation_id="announce",
        tags=TAGS,
        says="Days up to `ends` are judged by nobody and teach nothing; without it the new level "
        "is the usual one from then on.",
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_act_on_alerts, "announcing events")
        told = self.body
        days = told["begins"], told.get("ends")
        event = Told(told["level"], told.get("name", ""), *days, told["text"])
        return 201, told_of(announce(event, self.user_asks, self.asker))


class OneAnnouncement(Resource):
    @operation(
        "Withdraw an announcement",
        answers={200: d.thing(announcement_id=d.WHOLE, withdrawn=d.YES_NO)},
        key=d.KEY,
        operation_id="withdraw_announcement",
        tags=TAGS,
        says="As if nobody had announced it; what people said of an alert stays.",
    )
    def delete(self, request, announcement_id: int) -> tuple[int, dict]:
        self.allow(may_act_on_alerts, "withdrawing events")
        if not seen_by(self.asker).filter(pk=announcement_id).exists():
            raise Http404
        withdraw(announcement_id, self.user_asks, self.asker)
        return 200, {"announcement_id": announcement_id, "withdrawn": True}
