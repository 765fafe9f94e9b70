"""What every request of the pages goes through."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from aicost.accounts.company import zone_of
from aicost.web.zone import ZONE


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
