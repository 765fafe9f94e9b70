"""Views for machines: a bearer token instead of a session, JSON errors instead of pages."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from aicost.accounts.tokens import token_of


def needs_token(scope: str) -> Callable:
    """The view gets the request with `request.token`, or the caller gets 401 with the cure."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            token = token_of(request, scope)
            if token is None:
                told = f"a bearer token with the scope {scope} is needed: manage.py token add"
                answer = JsonResponse({"error": told}, status=401)
                answer["WWW-Authenticate"] = f'Bearer scope="{scope}"'
                return answer
            request.token = token
            return view(request, *args, **kwargs)

        return checked

    return decorate
