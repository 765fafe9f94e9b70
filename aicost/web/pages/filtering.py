"""The filter menu: the values of one dimension, as a part of the bar or as a page of its own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from aicost.web.ask import ask_of
from aicost.web.filters import DIMENSIONS, label
from aicost.web.pages.registry import PAGES
from aicost.web.picks import filter_choices, pairs_without, part_asked
from aicost.web.shell import for_people, frame


def _back(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return reverse("explore")


@for_people
def filter_menu(request: HttpRequest, dimension: str) -> HttpResponse:
    if dimension not in DIMENSIONS:
        raise Http404(f"no dimension {dimension}")
    page = PAGES.get(request.GET.get("page", ""))
    ask = page.here(request.GET, ask_of(request)) if page else ask_of(request)
    context = {
        "dimension": dimension,
        "dimension_label": label(dimension),
        "choices": filter_choices(ask, dimension),
        "part": part_asked(ask.view, dimension),
        "pairs": pairs_without(ask.view, dimension),
        "back": _back(request.GET.get("page", "explore")),
    }
    if request.htmx:
        return render(request, "parts/filter_menu.html", context)
    more = frame(request, "") | {"title": f"Filter by {label(dimension).lower()}"}
    return render(request, "pages/filter.html", context | more)
