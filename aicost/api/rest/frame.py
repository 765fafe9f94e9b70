"""What every address of the API shares: who asks, how often, what is read of the request, and how
an answer or a problem is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import wraps
import hashlib
import json

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from aicost.accounts.audit import DENIED, record
from aicost.accounts.models import ApiToken, User
from aicost.accounts.scope import asker_of
from aicost.accounts.tokens import ADMIN, READ, NotInScope, NotKnown, caller_of, challenge
from aicost.api.reading import reading
from aicost.api.rest import described
from aicost.api.rest.given import Param, read, refuse_odd_text
from aicost.api.rest.limits import count
from aicost.api.rest.problems import Refused, problem_of
from attribution.reports.formats import plain_value
from attribution.reports.spec import Asker, BadSpec, NotAllowed
from ingest.once import Answer, once

JSON = "application/json"
SAFE = ("GET", "HEAD")
BODY_BYTES_MAX = 1024**2


class Exactly(BaseParser):
    """JSON whose numbers stay what was written: a decimal never becomes a float."""

    media_type = JSON

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return json.loads(stream.read(), parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"the body is no JSON ({str(error)[:200]})") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


class Nothing(Serializer):
    """No field."""


class Resource(APIView):
    """One address. Methods are made by `operation`; GET needs the scope `read`, or a session."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (Exactly,)
    metadata_class = None
    scopes: Mapping[str, str] = {}
    # What a method adds to its answer that is never kept: the same key does not show it again.
    shown_once: Mapping[str, object] = {}
    user_asks: User
    token: ApiToken | None
    asker: Asker
    given: dict

    @classmethod
    def as_view(cls, **initkwargs):
        view = super().as_view(**initkwargs)
        wrapped = csrf_exempt(gzip_page(conditional_page(view)))
        wrapped.cls, wrapped.initkwargs = view.cls, view.initkwargs
        wrapped.view_class, wrapped.view_initkwargs = view.cls, view.initkwargs
        return wrapped

    def initial(self, request, *args, **kwargs) -> None:
        """Who asks, and whether they have asked too often. Raises what `problem_of` tells."""
        self.headers_of_limit: dict[str, str] = {}
        if not hasattr(self, request.method.lower()):
            self.http_method_not_allowed(request)
        self._ask(request._request)
        who = f"token:{self.token.pk}" if self.token else f"user:{self.user_asks.pk}"
        self.headers_of_limit = count(who)

    def perform_content_negotiation(self, request, force=False):
        return None, JSON

    def _ask(self, request: HttpRequest) -> None:
        told = request.headers.get("Authorization", "")
        scope = self.scopes.get(request.method, READ if request.method in SAFE else ADMIN)
        if not told and request.method in SAFE and request.user.is_authenticated:
            self.user_asks, self.token = request.user, None
        else:
            try:
                caller = caller_of(told, scope)
            except (NotKnown, NotInScope) as error:
                error.headers = {"WWW-Authenticate": challenge(scope, error)}
                raise
            self.user_asks, self.token = caller.user, caller.token
        self.asker = asker_of(self.user_asks)

    def allow(self, may: Callable[[User], bool], what: str) -> None:
        """Raises NotAllowed unless who asks `may`."""
        if not may(self.user_asks):
            told = f"{what} is not for your role or teams"
            raise NotAllowed(told)

    def handle_exception(self, exc: Exception) -> HttpResponse:
        request = self.request._request
        if isinstance(exc, NotAllowed):
            record(self.user_asks, DENIED, request.path[:200])
        answer = problem_of(request, exc)
        if answer.status_code == 405:
            answer["Allow"] = ", ".join(self.allowed_methods)
        return answer

    def finalize_response(self, request, response, *args, **kwargs) -> HttpResponse:
        for name, value in getattr(self, "headers_of_limit", {}).items():
            response.headers.setdefault(name, value)
        patch_vary_headers(response, ("Authorization", "Cookie", "Accept"))
        if "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-cache"
        return response


def operation(
    summary: str,
    *,
    params: Sequence[Param] = (),
    filters: tuple[str, ...] = (),
    body: type[BaseSerializer] | Mapping | None = None,
    answers: Mapping[int, object],
    says: str = "",
    reads_itself: bool = False,
    **more,
) -> Callable:
    """A method of a resource: what it takes, read and checked before, and what it answers. `body`
    is a serializer, whose values stand in `self.body`; such a method is done once for an
    Idempotency-Key, where one is sent, and answers `(status, document)`. Where `body` names media
    types, the method reads it by itself. `filters` are dimensions asked as `filter[x]`. What is
    asked is read within a time limit, unless the method sees to that itself."""

    def decorate(method: Callable) -> Callable:
        @wraps(method)
        def asked(self: Resource, request, **path):
            self.given = read(request.query_params, params, bool(filters))
            if request.method in SAFE and reads_itself:
                return method(self, request, **path)
            if request.method in SAFE:
                with reading(settings.AICOST_API_SECONDS):
                    return method(self, request, **path)
            if isinstance(body, Mapping):
                return method(self, request, **path)
            self.body = _checked(self, request, body or Nothing)
            return _once(self, request, lambda: method(self, request, **path))

        described_so = described.operation(summary, params, filters, body, answers, says, **more)
        return extend_schema(**described_so)(asked)

    return decorate


def _checked(view: Resource, request, body: type[BaseSerializer]) -> dict:
    """The body's values. Raises ValidationError, ParseError, UnsupportedMediaType, BadSpec."""
    raw = view.request._request
    if int(raw.headers.get("Content-Length") or 0) > BODY_BYTES_MAX:
        told = f"the body is larger than {BODY_BYTES_MAX} bytes"
        raise Refused(413, told, "Send less at a time")
    if raw.body and raw.content_type != JSON:
        raise UnsupportedMediaType(raw.content_type or "none")
    data = request.data if raw.body else {}
    refuse_odd_text(data)
    serializer = body(data=data)
    serializer.is_valid(raise_exception=True)
    if isinstance(data, dict):
        unknown = sorted(str(name) for name in set(data) - set(serializer.fields))
        if unknown:
            known = ", ".join(serializer.fields) or "none"
            raise BadSpec(f"the field {unknown[0][:40]!r} is not one of: {known}")
    return serializer.validated_data


def _once(view: Resource, request, work: Callable[[], tuple[int, dict]]) -> HttpResponse:
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        status, document = work()
        return document_of({**document, **view.shown_once}, status)
    raw = view.request._request
    address = f"{raw.method} {raw.get_full_path()} of {sender_of(view)}"
    sha256 = hashlib.sha256(raw.body).hexdigest()
    with transaction.atomic():
        answer = once(address, key, sha256, lambda: kept_as(*work()))
    return answered(replace(answer, body={**answer.body, **view.shown_once}))


def sender_of(view: Resource) -> str:
    """Whose Idempotency-Keys these are: a person's, whichever token they show, so that a token may
    be changed between two tries."""
    return f"user {view.user_asks.pk}"


def kept_as(status: int, document: dict) -> Answer:
    """An answer as it can be kept: what JSON says of it."""
    return Answer(status, json.loads(json.dumps(document, default=plain_value)))


def answered(answer: Answer) -> HttpResponse:
    response = document_of(answer.body, answer.status)
    if answer.again:
        response["Idempotency-Replayed"] = "true"
    return response


def address_after(request: HttpRequest, cursor: str) -> str:
    """This address with the cursor of the next page."""
    query = request.GET.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def document_of(document: Mapping, status: int = 200, apart: Mapping | None = None) -> HttpResponse:
    """JSON whose decimals are strings without exponent, dates ISO, unknown null. What stands
    `apart` is of the moment, and makes the answer no other one for ETag."""
    text = json.dumps(document, ensure_ascii=False, default=plain_value)
    answer = HttpResponse(content_type=JSON, status=status)
    if apart:
        answer["ETag"] = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        head = json.dumps(apart, ensure_ascii=False, default=plain_value)
        text = f"{head[:-1]}, {text[1:]}"
    answer.content = text
    return answer
