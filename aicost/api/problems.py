"""Errors for machines: application/problem+json (RFC 9457) that says what, where and the cure."""

from collections.abc import Callable
from functools import wraps
import json

from django.http import HttpRequest, HttpResponse

from aicost.accounts.audit import DENIED, record
from aicost.accounts.models import User
from aicost.accounts.tokens import READ, NotInScope, NotKnown, caller_of, challenge
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import BadSpec, NotAllowed

TITLES = {
    400: "The question cannot be read",
    401: "Who asks is not known",
    403: "Not for this role or team",
    404: "There is no such figure",
    405: "Only GET",
}


def problem(request: HttpRequest, status: int, detail: str, cure: str) -> HttpResponse:
    """One problem; `instance` is where it happened, without its query string's values."""
    told = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "instance": request.path,
        "cure": cure,
    }
    body = json.dumps(told, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type="application/problem+json")


def for_readers(view: Callable[[HttpRequest, User], HttpResponse]) -> Callable:
    """The view gets the request and who asks: the person of the session, or the one in whose name
    a bearer token with the scope `read` acts. What cannot be answered becomes a problem."""

    @wraps(view)
    def asked(request: HttpRequest) -> HttpResponse:
        try:
            user = _who(request)
        except (NotKnown, NotInScope) as error:
            status = 403 if isinstance(error, NotInScope) else 401
            answer = problem(request, status, str(error), error.cure)
            answer["WWW-Authenticate"] = challenge(READ, error)
            return answer
        if request.method not in ("GET", "HEAD"):
            answer = problem(request, 405, f"{request.method} changes nothing here", "Use GET")
            answer["Allow"] = "GET, HEAD"
            return answer
        try:
            return view(request, user)
        except BadSpec as error:
            return problem(request, 400, str(error), "Correct the part that is named; docs/api.md")
        except NotAllowed as error:
            record(user, DENIED, request.path)
            return problem(request, 403, str(error), "An admin can change your role or teams")
        except NoFigure as error:
            cure = "Ask the report which rows it has: manage.py report"
            return problem(request, 404, str(error), cure)

    return asked


def _who(request: HttpRequest) -> User:
    """A token that is told counts, good or not: it never falls back to the session. Raises
    NotKnown and NotInScope."""
    told = request.headers.get("Authorization", "")
    if not told and request.user.is_authenticated:
        return request.user
    return caller_of(told, READ).user
