"""The doors: grouped, the lower ones only where one is, and none that one may not open."""

import pytest

from aicost.web.navigation import NAV, navigation

pytestmark = pytest.mark.django_db


def _trust(user, here: str) -> str:
    """Links of the group Trust, "First, Second [Below*]", the star where one is."""

    def text(link: dict) -> str:
        below = ", ".join(text(one) for one in link.get("below", ()))
        return link["text"] + "*" * link["current"] + (f" [{below}]" if below else "")

    groups = navigation(user, here, "period=7d")
    trust = next(g for g in groups if g["title"] == "Trust")
    return ", ".join(map(text, trust["links"]))


def test_pages_below_another_are_listed_where_one_is(people):
    """On Close and on Accounting both show Close with what is below it; on Overview neither does.
    Only pages that use it carry the period along."""
    trust = "Data health, Rules, Close"
    assert _trust(people["finance"], "overview") == trust
    assert _trust(people["finance"], "close") == f"{trust}* [Accounting]"
    assert _trust(people["finance"], "finance") == f"{trust} [Accounting*]"
    links = {
        one["text"]: one["href"]
        for g in navigation(people["finance"], "close", "period=7d")
        for link in g["links"]
        for one in (link, *link["below"])
    }
    assert links["Explore"] == "/explore/?period=7d" and links["Statements"] == "/statements/"


def test_who_may_not_open_close_finds_statements_all_the_same(people):
    """Somebody who may not open Close finds no group of Trust, but statements of the own team."""
    groups = {g["title"]: g["links"] for g in navigation(people["scoped"], "overview")}
    assert "Trust" not in groups
    assert "Statements" in [link["text"] for link in groups["Own"]]


def test_every_page_below_another_has_it_in_the_same_group():
    for _, entries in NAV:
        slugs = {entry.slug for entry in entries if not entry.under}
        assert all(not entry.under or entry.under in slugs for entry in entries)
