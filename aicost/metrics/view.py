"""GET /metrics: what Prometheus scrapes, by a token with the scope `read`."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from aicost.accounts.scope import asker_of
from aicost.accounts.tokens import READ
from aicost.api.bearer import needs_token
from aicost.metrics.collect import text_for


@needs_token(READ)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Under the role and the teams of the token."""
    asker = asker_of(request.token.user)
    body, content_type = text_for(asker, request.headers.get("Accept", ""))
    answer = HttpResponse(body, content_type=content_type)
    answer["Cache-Control"] = "no-store"
    return answer
