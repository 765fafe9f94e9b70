"""Search: names by a part of them, and pages, as a page and as suggestions under the box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.web.ask import ask_of
from aicost.web.filters import View, label
from aicost.web.navigation import doors
from aicost.web.shell import for_people, frame
from attribution.entities.find import EXACT, KINDS, Hit, find_names, fit_of

SUGGESTED_MAX = 5
SHOWN_MAX = 100
ADDRESSES = {"node": "gpu_node"}
PAGE = "page"


def page_of(kind: str, name: str, view: View) -> str:
    """The address of a name's own page, else of what is said of it; the period goes along."""
    query = view.query(filters={}, group_by=("feature",), sort="")
    try:
        address = reverse(ADDRESSES.get(kind, kind), args=[name])
    except NoReverseMatch:
        address = reverse("target", args=[kind, name])
    return f"{address}?{query}" if query else address


def _groups(hits: list[Hit], view: View) -> list[dict]:
    """Hits by kind, the kinds in the order of their best hits."""
    found: dict[str, dict] = {}
    for hit in hits:
        group = found.setdefault(
            hit.kind, {"kind": hit.kind, "text": label(hit.kind), "hits": [], "found": hit.found}
        )
        group["hits"].append((hit, page_of(hit.kind, hit.name, view)))
    return list(found.values())


def _pages(user: User, asked: str, most: int, query: str) -> dict | None:
    """The pages of the product that this person may open, the best fitting first."""
    found = []
    for text, href in doors(user, query):
        fit = fit_of(text, asked)
        if fit is not None:
            found.append((fit, len(text), text, href))
    found.sort()
    hits = [(Hit(PAGE, text, "", len(found), fit), href) for fit, _, text, href in found[:most]]
    return {"kind": PAGE, "text": "Page", "hits": hits, "found": len(found)} if hits else None


def _placed(groups: list[dict], pages: dict | None) -> list[dict]:
    """Pages stand behind names that are what was asked, and before those that fit no better."""
    if pages is None:
        return groups
    fit = pages["hits"][0][0].fit
    before = [g for g in groups if g["hits"][0][0].fit == EXACT or g["hits"][0][0].fit < fit]
    return [*before, pages, *(g for g in groups if g not in before)]


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """htmx asks for suggestions alone. Without JavaScript the form of the box opens the page."""
    asked = request.GET.get("q", "").strip()[:100]
    view = ask_of(request).view
    most = SUGGESTED_MAX if request.htmx else SHOWN_MAX
    names = _groups(find_names(asker_of(request.user), asked, most), view)
    groups = _placed(names, _pages(request.user, asked, most, view.query(sort="")))
    kinds = ", ".join(f"{k}s" for k in (*KINDS, PAGE))
    context = {"asked": asked, "groups": groups, "kinds": kinds}
    if request.htmx:
        return render(request, "parts/search_hits.html", context)
    more = frame(request, "") | {"title": "Search", "sought": asked}
    return render(request, "pages/search.html", more | context)
