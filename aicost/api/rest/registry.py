"""Every address of the API: (path, resource), in the order in which they are described. Rooms
above this one have their own; the settings name them all (AICOST_API_ADDRESSES)."""

from functools import cache
from itertools import chain

from django.conf import settings
from django.utils.module_loading import import_string

from aicost.api.rest import (
    alerts,
    announcements,
    budgets,
    catalog,
    explain,
    reports,
    rules,
    sending,
    sources,
)
from aicost.api.rest.frame import Resource
from ingest.posted import ADDRESSES

RESOURCES: tuple[tuple[str, type[Resource]], ...] = (
    ("reports", reports.ReportList),
    ("reports/<str:name>", reports.ReportRows),
    ("catalog", catalog.Catalog),
    ("dimensions", catalog.DimensionList),
    ("dimensions/<str:name>/values", catalog.DimensionValues),
    ("explain", explain.Explain),
    ("budgets", budgets.Budgets),
    ("budgets/<int:budget_id>", budgets.OneBudget),
    ("budgets/<int:budget_id>/end", budgets.EndBudget),
    ("alerts", alerts.Alerts),
    ("alerts/<int:alert_id>", alerts.OneAlert),
    *((f"alerts/<int:alert_id>/{what}", act) for what, act in alerts.ACTIONS.items()),
    ("announcements", announcements.Announcements),
    ("announcements/<int:announcement_id>", announcements.OneAnnouncement),
    ("rules", rules.Rules),
    ("rules/order", rules.RuleOrder),
    ("rules/<str:key>", rules.OneRule),
    ("sources", sources.Sources),
    ("sources/<int:source_id>", sources.OneSource),
    ("sources/<int:source_id>/test", sources.TestSource),
    ("deliveries", sources.Deliveries),
    ("deliveries/<int:delivery_id>", sources.OneDelivery),
    ("uploads", sending.Uploads),
    ("uploads/<int:upload_id>", sending.OneUpload),
    ("events", sending.Events),
    *((address, sending.post_rows(address)) for address in ADDRESSES),
)


@cache
def resources() -> tuple[tuple[str, type[Resource]], ...]:
    """Those of all rooms."""
    return tuple(chain.from_iterable(map(import_string, settings.AICOST_API_ADDRESSES)))
