"""One address for each page made of panels, on whatever ledger there is: the dearest of its kind
for a page of one thing."""

from django.urls import NoReverseMatch, reverse

from aicost.kernel.periods import Period
from aicost.web.alerted import alert_url
from aicost.web.pages.registry import PAGES
from attribution.reports import REPORTS, run
from attribution.reports.spec import Asker, Spec

# page -> (report, dimension, what the address needs besides the name)
OF_ONE = {
    "model": ("cost", "model", {}),
    "feature": ("cost", "feature", {}),
    "team": ("cost", "team", {}),
    "experiment": ("cost", "experiment", {}),
    "customer": ("customers", "customer", {}),
    "gpu_node": ("gpu", "node", {}),
    "target": ("cost", "workload", {"kind": "workload"}),
}


def addresses(period: Period) -> dict[str, str]:
    """slug -> address, without a query; pages of one thing whose kind the ledger lacks are left
    out."""
    found = {}
    for slug in PAGES:
        try:
            found[slug] = reverse(slug)
        except NoReverseMatch:
            if slug == "alert":
                for one in _dearest_alert(period):
                    found[slug] = alert_url(one)
                continue
            name = _dearest(*OF_ONE[slug][:2], period)
            if name:
                found[slug] = reverse(slug, kwargs={"name": name, **OF_ONE[slug][2]})
    return found


def _dearest_alert(period: Period) -> list[int]:
    """The id of the alert of most money, if there is any."""
    rows = run(Spec("alerts", period, Asker("admin"))).rows
    return [row["alert_id"] for row in sorted(rows, key=lambda row: row["excess"] or 0)[-1:]]


def _dearest(report: str, dimension: str, period: Period) -> str:
    groups = (dimension,) if dimension in REPORTS[report].groups else ()
    rows = run(Spec(report, period, Asker("admin"), group_by=groups)).rows
    named = [row for row in rows if row.get(dimension)]
    return max(named, key=lambda row: row["cost"])[dimension] if named else ""
