"""Search: names by a part of them, as a page, and as suggestions under the box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from aicost.accounts.scope import asker_of
from aicost.web.ask import ask_of
from aicost.web.filters import View, label
from aicost.web.shell import for_people, frame
from attribution.entities.find import KINDS, Hit, find_names

SUGGESTED_MAX = 5
SHOWN_MAX = 100


def page_of(kind: str, name: str, view: View) -> str:
    """The address of a name's own page, else of what is said of it; the period goes along."""
    query = view.query(filters={}, group_by=("feature",))
    try:
        address = reverse(kind, args=[name])
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


@for_people
def page(request: HttpRequest) -> HttpResponse:
    """htmx asks for suggestions alone. Without JavaScript the form of the box opens the page."""
    asked = request.GET.get("q", "").strip()[:100]
    view = ask_of(request).view
    most = SUGGESTED_MAX if request.htmx else SHOWN_MAX
    groups = _groups(find_names(asker_of(request.user), asked, most), view)
    context = {"asked": asked, "groups": groups, "kinds": ", ".join(f"{k}s" for k in KINDS)}
    if request.htmx:
        return render(request, "parts/search_hits.html", context)
    more = frame(request, "") | {"title": "Search", "sought": asked}
    return render(request, "pages/search.html", more | context)
