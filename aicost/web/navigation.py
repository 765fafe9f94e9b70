"""The doors of the product, in groups, so that nobody faces twenty at once.

One line a page. A page `under` another is listed below it while one is on either of them; to
somebody who may not open the upper page, the lower ones stand in its place.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from aicost.accounts.models import User
from aicost.accounts.scope import (
    may_connect,
    may_manage_people,
    may_read_audit,
    may_see_margin,
    may_see_sources,
    may_send_files,
    may_upload,
)


def everybody(user: User) -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """`slug` is the name of the address. `carries`: its link takes period and filters along."""

    slug: str
    text: str
    allowed: Callable[[User], bool] = everybody
    under: str = ""
    carries: bool = True


SETTINGS = "preferences"
# After g, the letter that opens a page.
KEYS = {
    "overview": "o", "explore": "e", "unit_economics": "u", "margin": "n",
    "models": "m", "features": "f", "experiments": "x", "teams": "t", "customers": "c",
    "gpus": "g", "layers": "l",
    "statements": "s", "budgets": "b", "anomalies": "a", "health": "h", "rules": "r",
}  # fmt: skip

NAV: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Understand",
        (
            Entry("overview", "Overview"),
            Entry("explore", "Explore"),
            Entry("views", "Saved views", under="explore", carries=False),
            Entry("unit_economics", "Unit economics"),
            Entry("margin", "Margin", may_see_margin),
        ),
    ),
    (
        "Own",
        (
            Entry("models", "Models"),
            Entry("features", "Features"),
            Entry("experiments", "Experiments"),
            Entry("teams", "Teams"),
            Entry("customers", "Customers"),
            Entry("statements", "Statements", carries=False),
            Entry("targets", "Names & owners"),
        ),
    ),
    (
        "Run",
        (
            Entry("gpus", "GPU efficiency"),
            Entry("training", "Training"),
            Entry("layers", "Cost layers"),
        ),
    ),
    (
        "Act",
        (
            Entry("budgets", "Budgets"),
            Entry("anomalies", "Anomalies"),
            Entry("reports", "Reports & alerts", carries=False),
        ),
    ),
    (
        "Trust",
        (
            Entry("health", "Data health", may_see_sources),
            Entry("sources", "Sources", may_see_sources, under="health", carries=False),
            Entry("prices", "Prices", may_see_sources, under="health", carries=False),
            Entry("upload", "Add data", may_upload, under="health", carries=False),
            Entry("rules", "Rules", may_see_sources),
            Entry("close", "Close", may_see_sources, carries=False),
            Entry("finance", "Accounting", may_see_margin, under="close", carries=False),
        ),
    ),
    (
        "Settings",
        (
            Entry("preferences", "Preferences", carries=False),
            Entry("people", "People & teams", may_manage_people, under=SETTINGS, carries=False),
            Entry("tokens", "Tokens", may_connect, under=SETTINGS, carries=False),
            Entry("files", "Daily files", may_send_files, under=SETTINGS, carries=False),
            Entry("audit", "Audit trail", may_read_audit, under=SETTINGS, carries=False),
            Entry("password", "Password", under=SETTINGS, carries=False),
        ),
    ),
)  # fmt: skip


def navigation(user: User, here: str, query: str = "") -> list[dict]:
    """Groups of links this user may open: {title, links: [{text, href, current, below}]}, `below`
    being the links under a page on which, or under which, one is."""
    groups = []
    for title, entries in NAV:
        allowed = [entry for entry in entries if entry.allowed(user)]
        open_above = {entry.slug for entry in allowed if not entry.under}
        links = []
        for entry in allowed:
            if entry.under in open_above:
                continue
            below = [one for one in allowed if one.under == entry.slug]
            family = {entry.slug, *(one.slug for one in below)}
            link = _link(entry, here, query)
            link["below"] = [_link(one, here, query) for one in below] if here in family else []
            links.append(link)
        if links:
            groups.append({"title": title, "links": links})
    return groups


def doors(user: User, query: str = "") -> list[tuple[str, str]]:
    """(name, address) of every page this user may open."""
    entries = [entry for _, group in NAV for entry in group if entry.allowed(user)]
    links = (_link(entry, "", query) for entry in entries)
    return [(link["text"], link["href"]) for link in links]


def _link(entry: Entry, here: str, query: str) -> dict:
    href = reverse(entry.slug) + (f"?{query}" if query and entry.carries else "")
    key = KEYS.get(entry.slug, "")
    return {"text": entry.text, "href": href, "current": entry.slug == here, "key": key}
