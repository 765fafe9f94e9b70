"""Bearer tokens of programs that send or read data: made, seen once, revoked."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import TOKEN_MADE, TOKEN_REVOKED, record
from aicost.accounts.models import ApiToken
from aicost.accounts.scope import may_connect
from aicost.accounts.tokens import INGEST, SCOPES, make_token
from aicost.web.shell import frame, refuse
from ingest.connect import is_storable

NAME_CHARS_MAX = 100


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """All tokens; a new one's text stands on the answer to its form and nowhere else."""
    if not may_connect(request.user):
        return refuse(request, "tokens")
    text, name = "", request.POST.get("name", "").strip()[:NAME_CHARS_MAX]
    name = name if is_storable(name) else ""
    scope = request.POST.get("scope", INGEST)
    problem = "" if name or request.method != "POST" else "Give the token a name."
    if scope not in SCOPES:
        problem = f"A token may do one of: {', '.join(SCOPES)}."
    if request.method == "POST" and not problem:
        made, text = make_token(request.user, name, [scope])
        record(request.user, TOKEN_MADE, name, {"prefix": made.prefix, "scopes": made.scopes})
    context = frame(request, "tokens") | {
        "title": "Tokens",
        "tokens": ApiToken.objects.select_related("user").order_by("-pk"),
        "text": text,
        "problem": problem,
        "address": request.build_absolute_uri("/").rstrip("/"),
    }
    answer = render(request, "pages/tokens.html", context, status=400 if problem else 200)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token at once."""
    if not may_connect(request.user):
        return refuse(request, "tokens")
    token = get_object_or_404(ApiToken, pk=token_id, revoked_at=None)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(request.user, TOKEN_REVOKED, token.name, {"prefix": token.prefix})
    return redirect("tokens")
