"""/api/v1/sources and /api/v1/deliveries: what is connected, how it went, and what came."""

from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from rest_framework import serializers

from aicost.accounts.audit import SOURCE_SAVED, record
from aicost.accounts.scope import may_connect, may_see_sources
from aicost.api.rest import described as d
from aicost.api.rest.filtered import PAGED, listed, paged, params_of, picked
from aicost.api.rest.frame import Nothing, Resource, document_of, operation
from ingest.connect import check_source, configure
from ingest.fetch.base import SECRET
from ingest.fetch.connectors import CONNECTORS, connector_of
from ingest.models import Delivery, Source

TAGS = ["sources"]
MINUTES_MIN, MINUTES_MAX = 5, 7 * 24 * 60
PAUSED, NOT_YET, SENT = "paused", "not run yet", "sent to us"
DELIVERY = ("delivery_id", "source", "reader", "name", "state", "message", "rows_read",
            "rows_loaded", "rows_quarantined", "billing_periods", "first_day", "last_day",
            "loaded_at")  # fmt: skip


class SourceBody(serializers.Serializer):
    """`settings` are those of the connector (docs/sources/); a secret is written and never read
    back, `env:NAME` is read from the server's environment."""

    name = serializers.CharField(max_length=200)
    connector = serializers.ChoiceField(choices=[(one.name, one.name) for one in CONNECTORS])
    settings = serializers.DictField(required=False)
    every_minutes = serializers.IntegerField(
        required=False, min_value=MINUTES_MIN, max_value=MINUTES_MAX
    )


def told_of(source: Source) -> dict:
    run = source.runs.order_by("-pk").first()
    last = source.delivery_set.order_by("-pk").first()
    sent = any(one.sent_to for one in CONNECTORS if one.name == source.connector)
    state = PAUSED if source.connector and not source.enabled else run.state if run else ""
    return {
        "source_id": source.pk,
        "name": source.name,
        "kind": source.kind,
        "connector": source.connector,
        "enabled": source.enabled,
        "state": state or (SENT if sent or not source.connector else NOT_YET),
        "every_minutes": source.every_minutes,
        "next_run_at": source.next_run_at,
        "last_run_at": run.started_at if run else None,
        "message": run.message if run else "",
        "loaded_at": last.loaded_at if last else None,
        "settings": _shown(source),
    }


def _shown(source: Source) -> dict:
    """The settings of its connector that are no secrets."""
    if not source.connector:
        return {}
    fields = connector_of(source.connector).fields
    return {
        one.name: source.settings[one.name]
        for one in fields
        if one.kind != SECRET and one.name in source.settings
    }


class Sources(Resource):
    @operation(
        "All sources",
        answers={200: d.thing(sources=d.listed(d.of("Source")))},
        operation_id="list_sources",
        tags=TAGS,
    )
    def get(self, request) -> HttpResponse:
        self.allow(may_see_sources, "seeing sources")
        return document_of({"sources": [told_of(one) for one in Source.objects.order_by("name")]})

    @operation(
        "Connect a source",
        body=SourceBody,
        answers={201: d.of("Source")},
        key=d.KEY,
        operation_id="create_source",
        tags=TAGS,
        says="It is fetched by the next tick of the worker. Test it: `POST "
        "/api/v1/sources/{source_id}/test`.",
    )
    def post(self, request) -> tuple[int, dict]:
        self.allow(may_connect, "connecting sources")
        told = self.body
        made = configure(
            told["name"],
            told["connector"],
            told.get("settings", {}),
            every_minutes=told.get("every_minutes"),
        )
        kept = {"connector": made.connector, "settings": sorted(told.get("settings", {}))}
        record(self.user_asks, SOURCE_SAVED, made.name, kept)
        return 201, told_of(made)


class OneSource(Resource):
    @operation("One source", answers={200: d.of("Source")}, operation_id="read_source", tags=TAGS)
    def get(self, request, source_id: int) -> HttpResponse:
        self.allow(may_see_sources, "seeing sources")
        source = Source.objects.filter(pk=source_id).first()
        if source is None:
            raise Http404
        return document_of(told_of(source))


class TestSource(Resource):
    @operation(
        "Test the connection of a source",
        body=Nothing,
        answers={200: d.thing(ok=d.YES_NO, checks=d.listed(d.of("Check")))},
        key=d.KEY,
        operation_id="test_source",
        tags=TAGS,
        says="Every check up to the first that fails, within 30 seconds.",
    )
    def post(self, request, source_id: int) -> tuple[int, dict]:
        self.allow(may_connect, "testing sources")
        source = Source.objects.exclude(connector="").filter(pk=source_id).first()
        if source is None:
            raise Http404
        checks = check_source(source)
        told = [{"ok": one.ok, "what": one.what, "cure": one.cure} for one in checks]
        return 200, {"ok": all(one.ok for one in checks), "checks": told}


class DeliveryFilter(filters.FilterSet):
    """What deliveries are listed by."""

    source = filters.CharFilter("source__name")
    state = filters.MultipleChoiceFilter(
        choices=[
            (one, one)
            for one in (
                Delivery.PUBLISHED,
                Delivery.UNCHANGED,
                Delivery.HELD,
                Delivery.SUPERSEDED,
            )  # fmt: skip
        ]
    )
    loaded_from = filters.DateFilter("loaded_at__date", "gte")
    loaded_to = filters.DateFilter("loaded_at__date", "lt")

    class Meta:
        model = Delivery
        fields = ()


class Deliveries(Resource):
    @operation(
        "Deliveries, by number",
        params=(*params_of(DeliveryFilter), *PAGED),
        answers={200: paged("deliveries", {"type": "object"})},
        operation_id="list_deliveries",
        tags=TAGS,
        says="What came of each source, what was loaded of it, and why it is held.",
    )
    def get(self, request) -> HttpResponse:
        self.allow(may_see_sources, "seeing deliveries")
        found = picked(DeliveryFilter, self.given, Delivery.objects.select_related("source"))
        return listed(self, request, "deliveries", found, delivery_of)


class OneDelivery(Resource):
    @operation(
        "One delivery",
        answers={200: {"type": "object"}},
        operation_id="read_delivery",
        tags=TAGS,
    )
    def get(self, request, delivery_id: int) -> HttpResponse:
        self.allow(may_see_sources, "seeing deliveries")
        found = Delivery.objects.select_related("source").filter(pk=delivery_id).first()
        if found is None:
            raise Http404
        return document_of(delivery_of(found))


def delivery_of(one: Delivery) -> dict:
    own = {"delivery_id": one.pk, "source": one.source.name}
    return {name: own[name] if name in own else getattr(one, name) for name in DELIVERY}
