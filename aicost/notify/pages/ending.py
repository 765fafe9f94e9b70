"""The link that ends a message. Whoever has it may end it, without a login: a mail program does so
by itself with one POST (RFC 8058). Opening it ends nothing, for scanners of mail follow links."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aicost.notify.unsubscribe import end, recipient_of


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    recipient = recipient_of(token)
    if recipient is None:
        return render(request, "pages/unsubscribe.html", {"state": "bad"}, status=404)
    of = recipient.schedule or recipient.route
    context = {"state": "ended" if recipient.ended_at else "ask", "name": of.name}
    if request.method == "POST":
        end(recipient)
        context["state"] = "ended"
    return render(request, "pages/unsubscribe.html", context)
