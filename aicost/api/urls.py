"""Addresses for machines."""

from django.urls import path

from aicost.api import events, explain, otlp
from aicost.api.business import post_rows
from ingest.posted import ADDRESSES

urlpatterns: list = [
    path("v1/traces", otlp.traces),
    path("v1/metrics", otlp.metrics),
    path("api/v1/explain", explain.explain),
    path("api/v1/events", events.post_events),
    path("api/v1/events/git/<str:name>", events.git),
    *(path(f"api/v1/{name}", post_rows, {"address": name}) for name in ADDRESSES),
]
