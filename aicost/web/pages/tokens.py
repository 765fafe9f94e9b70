"""Tokens of programs that send, read or change data: made, seen once, revoked."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import TOKEN_MADE, TOKEN_REVOKED, record
from aicost.accounts.models import ApiToken, Team
from aicost.accounts.scope import may_connect
from aicost.accounts.tokens import (
    ADMIN,
    DAYS_MAX,
    INGEST,
    READ,
    SCOPES,
    expiry_of,
    make_token,
    secret_of,
)
from aicost.web.lists import in_order_of
from aicost.web.shell import frame, refuse
from aicost.web.sorting import Sorting
from ingest.connect import is_storable

NAME_CHARS_MAX = 100
TOKENS = Sorting(
    {"name": "token.name", "may": "may", "by": "token.user.username",
     "last_used": "token.last_used_at", "state": "state"},
    words=("name", "may", "by", "state"),
)  # fmt: skip
MAY = ((INGEST, "send data (ingest)"), (READ, "read what you see (read)"),
       (ADMIN, "read, send and change what you may (admin)"))  # fmt: skip
FOR_EVER = ""
GOOD_FOR = (("365", "a year"), ("90", "90 days"), ("30", "30 days"), ("1", "a day"),
            (FOR_EVER, "for ever"))  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """All tokens; a new one's text stands on the answer to its form and nowhere else."""
    if not may_connect(request.user):
        return refuse(request, "tokens")
    made, text, problem = None, "", ""
    if request.method == "POST":
        try:
            made, text = _made(request)
        except ValueError as error:
            problem = f"{str(error)[:1].upper()}{str(error)[1:]}."
    now = timezone.now()
    tokens = ApiToken.objects.select_related("user").order_by("-pk")
    context = frame(request, "tokens") | {
        "title": "Tokens",
        "tokens": in_order_of(request, TOKENS, (_row(token, now) for token in tokens)),
        "made": made,
        "text": text,
        "secret": secret_of(made, text) if made else "",
        "problem": problem,
        "may": MAY,
        "good_for": GOOD_FOR,
        "teams": Team.objects.order_by("name"),
        "address": request.build_absolute_uri("/").rstrip("/"),
    }
    answer = render(request, "pages/tokens.html", context, status=400 if problem else 200)
    answer["Cache-Control"] = "no-store"
    return answer


def _row(token: ApiToken, now: datetime) -> dict:
    return {"token": token, "may": ", ".join(token.scopes), "state": token.state_at(now)}


def _made(request: HttpRequest) -> tuple[ApiToken, str]:
    """The token of the form, for whoever asks. Raises ValueError naming what is wrong."""
    given = request.POST
    name = given.get("name", "").strip()[:NAME_CHARS_MAX]
    if not name or not is_storable(name):
        raise ValueError("give the token a name")
    scope, days = given.get("scope", INGEST), given.get("days", FOR_EVER)
    if scope not in SCOPES:
        raise ValueError(f"a token may do one of: {', '.join(SCOPES)}")
    if days and not (days.isascii() and days.isdecimal() and len(days) <= len(str(DAYS_MAX))):
        raise ValueError(f"a token is good for 1 to {DAYS_MAX} days")
    listed = given.get("teams", "")[: NAME_CHARS_MAX * NAME_CHARS_MAX].split(",")
    teams = [team.strip() for team in listed if team.strip()]
    if not all(is_storable(team) for team in teams):
        raise ValueError("a team has a character that no name has")
    expires_at = expiry_of(int(days)) if days else None
    made, text = make_token(request.user, name, [scope], expires_at, teams or None)
    record(request.user, TOKEN_MADE, name, made.told())
    return made, text


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token at once."""
    if not may_connect(request.user):
        return refuse(request, "tokens")
    token = get_object_or_404(ApiToken, pk=token_id, revoked_at=None)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(request.user, TOKEN_REVOKED, token.name, {"token_id": token.token_id})
    return redirect("tokens")
