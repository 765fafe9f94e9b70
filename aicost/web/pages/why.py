"""Why this number? One figure down to the rows of the file; a side panel, or a page of its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aicost.web.ask import Ask, ask_of
from aicost.web.filters import DIMENSIONS
from aicost.web.shell import for_people, frame
from attribution.reports.spec import BadSpec


def dimensions(request: HttpRequest, ask: Ask) -> dict[str, str]:
    """What names the figure: `at=feature:search` pairs, or `line=idle` for what has no name."""
    found = {}
    for pair in request.GET.getlist("at"):
        name, colon, value = pair.partition(":")
        if not colon or name not in DIMENSIONS:
            raise BadSpec(f"at={pair} is not known: write dimension:value")
        found[name] = value
    return found


@for_people
def page(request: HttpRequest) -> HttpResponse:
    ask = ask_of(request)
    context = {"address": request.get_full_path()}
    if request.htmx:
        return render(request, "parts/why.html", context)
    return render(request, "pages/why.html", frame(request, "explore") | context)
