"""What goes wrong as application/problem+json (RFC 9457): what, where, and the cure."""

from collections.abc import Callable
from http import HTTPStatus
import json
import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as rest

from aicost.accounts.tokens import NotInScope, NotKnown
from aicost.api.reading import took_too_long
from attribution.alerting.actions import BadAction
from attribution.alerting.announced import BadEvent
from attribution.alerting.feedback import BadVerdict
from attribution.entities.changes import EntityRefused
from attribution.reports.explain_words import NoFigure
from attribution.reports.spec import BadSpec, NotAllowed, TooLong
from attribution.ruling.draft import RuleRefused
from ingest.connect import BadSettings
from ingest.inbox import UploadNotKept, UploadTooLarge
from ingest.once import NotTaken

PROBLEM = "application/problem+json"
RETRY_SECONDS = 60
_SHORTER = (
    "Ask for fewer days, longer steps or fewer dimensions; without compare and in_currency CSV, "
    "Parquet and limit=all stream any number of rows"
)
READ_DOCS = "Correct the part that is named; /api/v1/ describes every parameter"
log = logging.getLogger(__name__)


class Refused(Exception):
    """A refusal with its status, cure and headers, for what no other exception says."""

    def __init__(
        self, status: int, detail: str, cure: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.cure, self.headers = status, cure, headers or {}


def problem(
    request: HttpRequest, status: int, detail: str, cure: str, more: dict | None = None
) -> HttpResponse:
    """One problem; `instance` is where it happened, without the values of its query string."""
    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "cure": cure,
        **(more or {}),
    }
    answer = HttpResponse(json.dumps(told, ensure_ascii=False), status=status, content_type=PROBLEM)
    answer["Cache-Control"] = "no-store"
    return answer


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem that an exception of ours, of REST framework or of Django is. What is none of
    them is logged, and answered 500 without its text."""
    for kinds, say in _SAYS:
        if isinstance(error, kinds):
            status, detail, cure, more = say(error)
            answer = problem(request, status, detail, cure, more)
            if status in (429, 503) and "Retry-After" not in answer:
                answer["Retry-After"] = str(RETRY_SECONDS)
            for name, value in getattr(error, "headers", {}).items():
                answer[name] = value
            return answer
    log.error("%s %s", request.method, request.path, exc_info=error)
    return problem(request, 500, "the server failed", "Ask again; the server's log says why")


def _of_rest(error: rest.APIException) -> tuple[int, str, str, dict]:
    cures = {
        400: "Send JSON as the description of this address says",
        405: "Use a method that the header Allow names",
        415: "Send the Content-Type that the description of this address names",
    }
    if isinstance(error, rest.ValidationError):
        wrong = [{"field": name, "error": text} for name, text in _flat(error.detail)]
        detail = "; ".join(f"{one['field']}: {one['error']}" for one in wrong[:5])
        return 422, detail, "Correct the fields that are named", {"errors": wrong[:100]}
    status = error.status_code
    return status, str(error.detail), cures.get(status, READ_DOCS), {}


def _flat(detail: object, where: str = "") -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        return [one for name, told in detail.items()
                for one in _flat(told, f"{where}.{name}".lstrip("."))]  # fmt: skip
    if isinstance(detail, list):
        return [
            one
            for nth, told in enumerate(detail)
            for one in _flat(told, f"{where}.{nth}" if isinstance(told, dict | list) else where)
        ]
    return [(where.removesuffix(".non_field_errors") or "body", str(detail))]


def _of_posted(error: NotTaken) -> tuple[int, str, str, dict]:
    return error.status, str(error), "Correct it and send it again; nothing was taken", error.more


def _of_settings(error: BadSettings) -> tuple[int, str, str, dict]:
    wrong = [{"field": name, "error": text} for name, text in error.errors.items()]
    return 422, str(error), "Correct the fields that are named", {"errors": wrong}


def _of_rule(error: RuleRefused) -> tuple[int, str, str, dict]:
    status = 409 if error.part in ("version", "key") else 422
    wrong = [{"field": error.part, "error": error.message}]
    return status, f"{error.part}: {error.message}", error.cure, {"errors": wrong}


_DATABASE = "The database cannot answer now; ask again"


def _of_database(error: OperationalError) -> tuple[int, str, str, dict]:
    if not took_too_long(error):
        return 503, _DATABASE, "Ask again in a minute", {}
    cure = (
        "Ask for fewer days or fewer dimensions, or take CSV or Parquet, which have longer; or "
        "raise AICOST_API_SECONDS, for streams AICOST_API_STREAM_SECONDS"
    )
    return 504, "the database did not answer within the time there is for it", cure, {}


_SAYS: tuple[tuple[type | tuple[type, ...], Callable], ...] = (
    (Refused, lambda e: (e.status, str(e), e.cure, {})),
    (NotKnown, lambda e: (401, str(e), e.cure, {})),
    (NotInScope, lambda e: (403, str(e), e.cure, {})),
    (TooLong, lambda e: (400, str(e), _SHORTER, {})),
    (BadSpec, lambda e: (400, str(e), READ_DOCS, {})),
    (NotAllowed, lambda e: (403, str(e), "An admin can change your role or teams", {})),
    (NoFigure, lambda e: (404, str(e), "Ask the report which rows it has", {})),
    (EntityRefused, lambda e: (422, str(e), e.cure, {})),
    (RuleRefused, _of_rule),
    (BadEvent, lambda e: (422, str(e), "Correct it; nothing was announced or withdrawn", {})),
    ((BadAction, BadVerdict), lambda e: (422, str(e), "Correct it; nothing was changed", {})),
    (BadSettings, _of_settings),
    (UploadNotKept, lambda e: (503, str(e), "Send it again when there is room", {})),
    (UploadTooLarge, lambda e: (413, str(e), "Put it into the inbox folder", {})),
    (NotTaken, _of_posted),
    (rest.APIException, _of_rest),
    (Http404, lambda e: (404, "there is no such thing here, or none that you may see",
                         "The list of this resource has what there is", {})),
    (RequestDataTooBig, lambda e: (413, "the body is too large", "Send less at a time", {})),
    (SuspiciousOperation, lambda e: (400, "the request cannot be read", READ_DOCS, {})),
    (OperationalError, _of_database),
    (InterfaceError, lambda e: (503, _DATABASE, "Ask again in a minute", {})),
)  # fmt: skip
