"""POST /api/v1/events and /api/v1/events/git/<source> (docs/sources/git_webhook.md)."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from aicost.accounts.tokens import INGEST
from aicost.api.bearer import needs_token
from aicost.api.business import read_body
from ingest.annotations import BadEvent, git_source, is_signed, keep_git, keep_rows
from ingest.fetch.base import FetchError
from ingest.posted import NotTaken

BODY_BYTES_MAX = 25 * 1024**2  # what GitHub sends at most


@needs_token(INGEST)
@require_POST
def post_events(request: HttpRequest) -> HttpResponse:
    """Events in our own form, all or none."""
    try:
        rows = json.loads(read_body(request, BODY_BYTES_MAX))
        kept = keep_rows(rows, request.headers.get("Idempotency-Key", ""))
    except NotTaken as refusal:
        return JsonResponse(refusal.answer, status=refusal.status)
    except (BadEvent, ValueError, RecursionError) as error:
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"events": kept}, status=201)


@csrf_exempt
@require_POST
def git(request: HttpRequest, name: str) -> HttpResponse:
    """A webhook of GitHub or GitLab, signed with the source's secret."""
    try:
        body = read_body(request, BODY_BYTES_MAX)
    except NotTaken as refusal:
        return JsonResponse(refusal.answer, status=refusal.status)
    told = request.headers
    signature, token = told.get("X-Hub-Signature-256", ""), told.get("X-Gitlab-Token", "")
    source = git_source(name)
    try:
        known = source is not None and is_signed(source, body, signature, token)
    except FetchError as error:
        return JsonResponse({"error": str(error)}, status=503)
    if not known:
        why = "no source of this name, or the secret is not the one of the source"
        return JsonResponse({"error": why}, status=401)
    event = told.get("X-GitHub-Event") or told.get("X-Gitlab-Event") or ""
    try:
        return JsonResponse({"events": keep_git(source, event, json.loads(body))})
    except (BadEvent, ValueError, RecursionError) as error:
        return JsonResponse({"error": f"{error}; the webhook's content type is JSON"}, status=422)
