"""What every request of the pages goes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from aicost.accounts.company import zone_of
from aicost.web.zone import ZONE
from attribution.once import steady

SAFE = ("GET", "HEAD")


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
