"""POST /api/v1/events/git/<source>: webhooks of GitHub and GitLab (docs/sources/git_webhook.md)."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from aicost.api.rest.problems import Refused, problem_of
from aicost.api.rest.sending import EVENT_BYTES_MAX, read_body
from ingest.annotations import BadEvent, git_source, is_signed, keep_git
from ingest.fetch.base import FetchError
from ingest.once import NotTaken


@csrf_exempt
def git(request: HttpRequest, name: str) -> HttpResponse:
    """A webhook, signed with the source's secret."""
    try:
        return JsonResponse({"events": _kept(request, name)})
    except (Refused, NotTaken) as error:
        return problem_of(request, error)


def _kept(request: HttpRequest, name: str) -> int:
    """How many events were new. Raises Refused, NotTaken."""
    if request.method != "POST":
        told = f"{request.method} is nothing here"
        raise Refused(405, told, "A webhook is sent by POST", {"Allow": "POST"})
    body = read_body(request, EVENT_BYTES_MAX)
    told = request.headers
    signature, token = told.get("X-Hub-Signature-256", ""), told.get("X-Gitlab-Token", "")
    source = git_source(name)
    try:
        known = source is not None and is_signed(source, body, signature, token)
    except FetchError as error:
        raise Refused(503, str(error), error.cure) from error
    if not known:
        why = "no source of this name, or the secret is not the one of the source"
        raise Refused(401, why, "Enter the source's secret where the webhook is set up")
    event = told.get("X-GitHub-Event") or told.get("X-Gitlab-Event") or ""
    try:
        return keep_git(source, event, json.loads(body))
    except (BadEvent, ValueError, RecursionError) as error:
        told_what = f"{str(error)[:500]}; the webhook's content type is JSON"
        raise Refused(422, told_what, "Choose application/json as its content type") from error
