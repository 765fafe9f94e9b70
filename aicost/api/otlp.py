"""OTLP/HTTP: POST /v1/traces and /v1/metrics. Answers are those of the OTLP specification."""

from collections.abc import Callable
from functools import wraps
import time

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from google.protobuf.json_format import MessageToJson
from google.rpc.code_pb2 import INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from aicost.api.bearer import needs_token
from ingest.otlp.decode import JSON, PROTOBUF, TooLarge, Undecodable, decode, gunzip
from ingest.otlp.metrics import read_points
from ingest.otlp.names import BadNames
from ingest.otlp.receive import Full, check_room, source_named, take_points, take_spans
from ingest.otlp.spans import read_spans

BODY_BYTES_MAX = 16 << 20
UNPACKED_BYTES_MAX = 64 << 20
RETRY_SECONDS = 30
REASONS_TOLD = 5


def _database_needed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Without a database, or one that is full, the sender keeps its data and tries again."""

    @wraps(view)
    def asked(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except (OperationalError, InterfaceError):
            return _refusal(request, 503, UNAVAILABLE, "the database cannot take it now")

    asked.csrf_exempt = True
    return asked


@_database_needed
@needs_token("ingest")
@require_POST
def traces(request: HttpRequest) -> HttpResponse:
    return _taken(request, "traces")


@_database_needed
@needs_token("ingest")
@require_POST
def metrics(request: HttpRequest) -> HttpResponse:
    return _taken(request, "metrics")


def _taken(request: HttpRequest, signal: str) -> HttpResponse:
    if request.content_type not in (PROTOBUF, JSON):
        told = f"Content-Type must be {PROTOBUF} or {JSON}"
        return _refusal(request, 415, INVALID_ARGUMENT, told)
    try:
        check_room()
        message = decode(signal, _body(request), request.content_type)
        source_id, names = source_named(request.token.name)
    except TooLarge as error:
        return _refusal(request, 413, RESOURCE_EXHAUSTED, f"{error}; send smaller batches")
    except (Undecodable, BadNames) as error:
        return _refusal(request, 400, INVALID_ARGUMENT, str(error))
    except Full as error:
        return _refusal(request, 429, RESOURCE_EXHAUSTED, str(error))
    if signal == "traces":
        made, answer = read_spans(message, names, time.time_ns()), ExportTraceServiceResponse()
        take_spans(source_id, made)
        answer.partial_success.rejected_spans = len(made.rejected)
    else:
        made, answer = read_points(message, names, time.time_ns()), ExportMetricsServiceResponse()
        take_points(source_id, made)
        answer.partial_success.rejected_data_points = len(made.rejected)
    if not made.rejected:
        answer.ClearField("partial_success")
    else:
        reasons = sorted({reason for _, reason, _ in made.rejected})[:REASONS_TOLD]
        answer.partial_success.error_message = "; ".join(reasons)
    return _answer(request, 200, answer)


def _body(request: HttpRequest) -> bytes:
    """The body, unpacked. Raises `TooLarge`, `Undecodable`."""
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"the body has more than {BODY_BYTES_MAX} bytes")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        # JSON takes ten times its size in memory while it is read.
        return gunzip(body, BODY_BYTES_MAX if request.content_type == JSON else UNPACKED_BYTES_MAX)
    if encoding in ("", "identity"):
        return body
    raise Undecodable(f"Content-Encoding {encoding[:40]!r} is not known: use gzip or none")


def _answer(request: HttpRequest, status: int, message) -> HttpResponse:
    if request.content_type == JSON:
        return HttpResponse(MessageToJson(message, indent=None), content_type=JSON, status=status)
    return HttpResponse(message.SerializeToString(), content_type=PROTOBUF, status=status)


def _refusal(request: HttpRequest, status: int, code: int, told: str) -> HttpResponse:
    answer = _answer(request, status, Status(code=code, message=told))
    if status in (429, 503):
        answer["Retry-After"] = str(RETRY_SECONDS)
    return answer
