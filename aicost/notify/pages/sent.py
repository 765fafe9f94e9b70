"""The archive: what was sent to whom, as it was; and what to do where it did not arrive."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from aicost.accounts.audit import SEND_AGAIN, SEND_ARRIVED, record
from aicost.notify.models import Send
from aicost.notify.outbox import again, arrived
from aicost.notify.pages.listing import row_of
from aicost.notify.rights import sends_seen
from aicost.web.lists import heads_of, order_by
from aicost.web.shell import frame
from aicost.web.sorting import Sorting

PAGE_ROWS = 50
SENT = Sorting(
    {"state": "state", "message": "subject", "to": "recipient", "via": "via", "tries": "tries",
     "written": "queued_at"},
    words=("state", "message", "to", "via"),
)  # fmt: skip
TEXT_CHARS_MAX = 100
# A mail brings its own style, and nothing else: no script runs and nothing is fetched.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


def mail_page(html: str) -> HttpResponse:
    """A mail by itself, under a policy of its own; its links leave the frame."""
    answer = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    answer["Content-Security-Policy"] = MAIL_POLICY
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def found(request: HttpRequest, send_id: int) -> Send:
    """Raises Http404 for what was sent to somebody else."""
    sends = sends_seen(request.user).select_related("schedule", "route", "channel", "user")
    one = sends.filter(pk=send_id).first()
    if one is None:
        raise Http404
    return one


@login_required
@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """All that was sent, the newest first; `state` and `q` narrow it."""
    sends = sends_seen(request.user).defer("message")
    state, text = request.GET.get("state", ""), request.GET.get("q", "")[:TEXT_CHARS_MAX]
    if state in Send.STATES:
        sends = sends.filter(state=state)
    text = text.replace("\x00", "").strip()
    if text:
        sends = sends.filter(subject__icontains=text) | sends.filter(recipient__icontains=text)
    sends = sends.order_by(*order_by(request, SENT, ("-queued_at", "-pk")))
    page = Paginator(sends, PAGE_ROWS).get_page(request.GET.get("page"))
    context = frame(request, "reports") | {
        "title": "What was sent",
        "p": {"sorting": heads_of(request, SENT)},
        "rows": [row_of(one) for one in page],
        "page_of": page,
        "states": Send.STATES,
        "state": state,
        "text": text,
    }
    return render(request, "pages/sent.html", context)


@login_required
@require_safe
def one(request: HttpRequest, send_id: int) -> HttpResponse:
    send = found(request, send_id)
    context = frame(request, "reports") | {
        "title": send.subject,
        "row": row_of(send),
        "send": send,
        "has_mail": bool(send.message.get("html")),
        "text": send.message.get("text") or send.message.get("lead", ""),
    }
    return render(request, "pages/send.html", context)


@login_required
@require_safe
def mail(request: HttpRequest, send_id: int) -> HttpResponse:
    return mail_page(found(request, send_id).message.get("html", ""))


@login_required
@require_POST
def retry(request: HttpRequest, send_id: int) -> HttpResponse:
    """Send a dead letter again, with a whole day of tries."""
    send = found(request, send_id)
    if again(send, request.user):
        record(request.user, SEND_AGAIN, str(send)[:200], {"send": send.pk})
    return redirect("send", send.pk)


@login_required
@require_POST
def settle(request: HttpRequest, send_id: int) -> HttpResponse:
    """Say that one whose fate was unknown did arrive."""
    send = found(request, send_id)
    if arrived(send, request.user):
        record(request.user, SEND_ARRIVED, str(send)[:200], {"send": send.pk})
    return redirect("send", send.pk)
