"""MCP over HTTP at /mcp: one POST, one JSON answer, on the web server that serves the pages.

Stateless: no session, no stream that stays open, so that any process of any host answers any
request, and the sync workers of the web server are never held. The SDK speaks the protocol; who
asks, from where, how much and how often is decided here, before it sees a byte.
"""

import json
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from aicost.accounts.tokens import READ, NotInScope, NotKnown, caller_of, challenge
from aicost.api.rest.limits import count
from aicost.api.rest.problems import Refused

BODY_BYTES_MAX = 64 * 1024
REFUSED_CODE = -32600  # JSON-RPC: invalid request


@csrf_exempt
def serve(request: HttpRequest) -> HttpResponse:
    """One message of a client."""
    if not _is_ours(request):
        return _refusal(403, "this Origin is not one of ours: set AICOST_ORIGINS")
    try:
        caller = caller_of(request.headers.get("Authorization", ""), READ)
    except (NotKnown, NotInScope) as error:
        status = 403 if isinstance(error, NotInScope) else 401
        answer = _refusal(status, f"{error}. {error.cure}")
        answer["WWW-Authenticate"] = challenge(READ, error)
        return answer
    if request.method != "POST":
        answer = _refusal(405, "only POST: there are no sessions and no streams")
        answer["Allow"] = "POST"
        return answer
    try:
        left = count(f"token:{caller.token.pk}")  # one allowance for MCP and the API
    except Refused as refusal:
        answer = _refusal(refusal.status, f"{refusal}. {refusal.cure}")
        for name, value in refusal.headers.items():
            answer[name] = value
        return answer
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return _refusal(413, f"the message is larger than {BODY_BYTES_MAX} bytes")
    # The SDK takes seconds to import: only a process that is asked pays for it.
    from aicost.api.mcp.exchange import SECONDS_MAX, answered

    try:
        answer = answered(caller, request, body)
    except TimeoutError:
        return _refusal(503, f"no answer within {SECONDS_MAX} s: ask for less at once")
    for name, value in left.items():
        answer[name] = value
    return answer


def _is_ours(request: HttpRequest) -> bool:
    """A browser tells the page that asks; a page of somebody else's must not use our host's name
    (DNS rebinding). Programs tell none. Host itself is checked by ALLOWED_HOSTS."""
    origin = request.headers.get("Origin")
    if not origin:
        return True
    host = request.get_host()
    known = {f"http://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS}
    address = urlsplit(settings.AICOST_URL)
    return origin in known | {f"{address.scheme}://{address.netloc}"}


def _refusal(status: int, why: str) -> HttpResponse:
    """As JSON-RPC has it, without an id: the message was not read."""
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": REFUSED_CODE, "message": why}}
    answer = HttpResponse(json.dumps(body), status=status, content_type="application/json")
    answer["Cache-Control"] = "no-store"
    return answer
