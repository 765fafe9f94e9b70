"""Addresses for machines."""

from django.urls import path, re_path

from aicost.api import events, otlp
from aicost.api.mcp import http
from aicost.api.rest import browse, schema
from aicost.api.rest.registry import resources

urlpatterns: list = [
    path("v1/traces", otlp.traces),
    path("v1/metrics", otlp.metrics),
    path("mcp", http.serve),
    *(path(f"{schema.ROOT}{address}", view.as_view()) for address, view in resources()),
    path("api/v1/events/git/<str:name>", events.git),
    path("api/v1/", browse.page, name="api"),
    path("api/v1/openapi.json", schema.as_json, name="openapi_json"),
    path("api/v1/openapi.yaml", schema.as_yaml, name="openapi_yaml"),
    # Of any text, line feeds too: `path` would leave those to the pages.
    re_path(r"^api/(?P<rest>(?s:.+))\Z", schema.nothing_here),
]
