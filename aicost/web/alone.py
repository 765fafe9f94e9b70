"""One panel asked for alone: as HTML, its chart as JSON, its table as a file."""

from collections.abc import Callable
import logging

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from aicost.web.exports import file_of
from aicost.web.shell import Page, built, context_of, for_people, frame, refuse, sentence
from attribution.reports.spec import BadSpec, NotAllowed

logger = logging.getLogger(__name__)
LOGGED = "The server's log says why"


def figure_view(pages: dict[str, Page]) -> Callable:
    """JSON of one chart, under the same rules as the page it stands on. One that breaks answers
    500 with an `error`, which its box shows."""

    @for_people
    def view(request: HttpRequest, page: str, panel: str) -> HttpResponse:
        found = pages.get(page)
        chosen = found.panel(panel) if found else None
        if chosen is None or chosen.figure is None:
            return JsonResponse({"error": f"no chart {panel} on page {page}"}, status=404)
        if not found.allowed(request.user):
            return refuse(request, f"{page}/{panel}")
        shown, ask = found.asked(request)
        try:
            return JsonResponse((shown.panel(panel) or chosen).figure(ask))
        except (BadSpec, NotAllowed):
            raise
        except Exception:
            logger.exception("chart %s of page %s failed", panel, page)
            return JsonResponse({"error": LOGGED}, status=500)

    return view


def panel_view(pages: dict[str, Page]) -> Callable:
    """One panel as htmx fetches it, or on a page of its own. One that breaks says so, as it would
    inside its page."""

    @for_people
    def view(request: HttpRequest, page: str, panel: str) -> HttpResponse:
        found = pages.get(page)
        if found is None or found.panel(panel) is None:
            raise Http404(f"no panel {panel} on page {page}")
        if not found.allowed(request.user):
            return refuse(request, f"{page}/{panel}")
        shown, ask = found.asked(request)
        chosen = shown.panel(panel)
        context = context_of(request, shown, ask) | {"p": built(shown, chosen, ask)}
        if request.htmx:
            return render(request, context["p"]["template"], context)
        here = shown.under or shown.slug
        more = frame(request, here, ask.view.query(sort="")) | {"title": chosen.name}
        return render(request, "pages/alone.html", context | more)

    return view


def export_view(pages: dict[str, Page]) -> Callable:
    """One table as a file, exactly what the page shows at the same address."""

    @for_people
    def view(request: HttpRequest, page: str, panel: str, kind: str) -> HttpResponseBase:
        found = pages.get(page)
        if found is None or found.panel(panel) is None or found.panel(panel).table is None:
            raise Http404(f"no table {panel} on page {page}")
        if not found.allowed(request.user):
            return refuse(request, f"{page}/{panel}.{kind}")
        shown, ask = found.asked(request)
        query = shown.query(request.GET, ask.view.frozen_dates())
        try:
            chosen = shown.panel(panel)
            sheet = chosen.table(ask)
            if chosen.sorting is not None:
                sheet = chosen.sorting.sheet(ask.view, sheet)
            return file_of(request, sheet, page, panel, kind, query)
        except (BadSpec, NotAllowed):
            raise
        except Exception:
            logger.exception("export %s of page %s failed", panel, page)
            text = f"{LOGGED}; the page and its other tables are not affected."
            return sentence(request, 500, "This file could not be made", text)

    return view
