"""Views for machines: a token instead of a session, JSON errors instead of pages."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from aicost.accounts.tokens import NotInScope, NotKnown, caller_of, challenge


def needs_token(scope: str) -> Callable:
    """The view gets the request with `request.token`, or the caller gets 401 or 403 with the
    cure."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            try:
                caller = caller_of(request.headers.get("Authorization", ""), scope)
            except (NotKnown, NotInScope) as error:
                status = 403 if isinstance(error, NotInScope) else 401
                answer = JsonResponse({"error": f"{error}. {error.cure}"}, status=status)
                answer["WWW-Authenticate"] = challenge(scope, error)
                return answer
            request.token = caller.token
            return view(request, *args, **kwargs)

        return checked

    return decorate
