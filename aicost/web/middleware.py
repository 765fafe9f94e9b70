"""What every request of the pages goes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aicost.accounts.company import zone_of
from aicost.web.zone import ZONE
from attribution.once import steady

SAFE = ("GET", "HEAD")
NOT_ALLOWED = 405


def explained(get_response: Callable) -> Callable:
    """Middleware: an address that only takes forms says so to whoever opens it, as after a login
    that came between. Whoever does not ask for a page is answered as it is."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        opened = request.method in SAFE and "text/html" in request.headers.get("Accept", "")
        if response.status_code != NOT_ALLOWED or response.content or not opened:
            return response
        page = render(request, "405.html", status=NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page

    return answered


def asked_once(get_response: Callable) -> Callable:
    """Middleware: while one answer is made that changes nothing, what it looks up does not change
    either, and is looked up once (attribution.once)."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE:
            return get_response(request)
        with steady({}):
            return get_response(request)

    return answered


def in_own_zone(get_response: Callable) -> Callable:
    """Middleware: whoever is logged in reads their own time."""

    def answered(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        token = ZONE.set(zone_of(request.user))
        try:
            return get_response(request)
        finally:
            ZONE.reset(token)

    return answered
