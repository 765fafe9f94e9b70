"""POST of business rows to /api/v1/… (docs/sources/business_api.md)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from aicost.accounts.tokens import INGEST
from aicost.api.bearer import needs_token
from ingest.posted import BODY_BYTES_MAX, NotTaken, take

RETRY_SECONDS = 60


@needs_token(INGEST)
@require_POST
def post_rows(request: HttpRequest, address: str) -> HttpResponse:
    """Take the rows of one body, all or none."""
    try:
        answer = take(
            address,
            request.headers.get("Idempotency-Key", ""),
            request.GET.get("batch", ""),
            request.headers.get("Content-Type", ""),
            read_body(request, BODY_BYTES_MAX),
        )
    except NotTaken as refusal:
        refused = JsonResponse(refusal.answer, status=refusal.status)
        if refusal.status == 503:
            refused["Retry-After"] = RETRY_SECONDS
        return refused
    response = JsonResponse(answer.body, status=answer.status)
    if answer.again:
        response["Idempotency-Replayed"] = "true"
    return response


def read_body(request: HttpRequest, bytes_max: int) -> bytes:
    """The body. Raises `NotTaken` with 413 beyond the limit, before it is all read."""
    body = request.read(bytes_max + 1)
    if len(body) > bytes_max:
        raise NotTaken(413, f"the body is larger than {bytes_max} bytes: send it in parts")
    return body
