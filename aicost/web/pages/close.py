"""Close: the month with what blocks it, invoices tied out, what was reported and restated."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from aicost.accounts.scope import asker_of, may_see_margin, may_see_sources
from aicost.kernel.periods import FIRST_YEAR, LAST_YEAR, month_of
from aicost.web import closing
from aicost.web.exports import answer_file, files
from aicost.web.shell import for_people, frame, refuse, sentence
from attribution.closing.months import (
    CannotClose,
    close_month,
    reopen_month,
)
from attribution.closing.payments import (
    BadFile,
    PaymentRefused,
    import_payments,
    parse,
    remove_payment,
    save_payment,
)
from attribution.models import InvoicePaid
from attribution.reports import run
from attribution.reports.spec import Spec

EXPORTS = ("invoices", "reported_vs_restated", "restated_causes", "close_status")
FILE_BYTES_MAX = 8 * 1024**2


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The months, and the one that is looked at: `?month=YYYY-MM`, else the newest that is over."""
    if not may_see_sources(request.user):
        return refuse(request, "close")
    return _show(request)


@login_required
@require_POST
def close(request: HttpRequest, month: str) -> HttpResponse:
    """Close it; with a reason although something blocks it."""
    if not may_see_margin(request.user):
        return refuse(request, "close")
    return _done(request, month, lambda day, why: close_month(day, request.user, why))


@login_required
@require_POST
def reopen(request: HttpRequest, month: str) -> HttpResponse:
    """Let rules and maps reach the month again, with a reason."""
    if not may_see_margin(request.user):
        return refuse(request, "close")
    return _done(request, month, lambda day, why: reopen_month(day, request.user, why))


@login_required
@require_POST
def pay(request: HttpRequest, payment_id: int | None = None) -> HttpResponse:
    """Enter a payment; with an id, change that one."""
    if not may_see_margin(request.user):
        return refuse(request, "close")
    payment = get_object_or_404(InvoicePaid, pk=payment_id) if payment_id else None
    given = {name: request.POST.get(name, "") for name in closing.LABELS}
    try:
        saved, _ = save_payment(parse(given), request.user, payment)
    except PaymentRefused as error:
        told = {error.field: f"{error}. {error.cure}"}
        return _show(request, given=given, payment=payment, errors=told, status=400)
    return _back(saved.billing_period)


@login_required
@require_POST
def remove(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take a payment back."""
    if not may_see_margin(request.user):
        return refuse(request, "close")
    payment = get_object_or_404(InvoicePaid, pk=payment_id)
    remove_payment(payment, request.user)
    return _back(payment.billing_period)


@login_required
@require_POST
def import_file(request: HttpRequest) -> HttpResponse:
    """A CSV of payments, all or nothing."""
    if not may_see_margin(request.user):
        return refuse(request, "close")
    given = request.FILES.get("file")
    if given is None:
        return _show(request, errors={"file": "Choose a file first."}, status=400)
    try:
        done = import_payments(given.read(FILE_BYTES_MAX + 1), given.name[:200], request.user)
    except BadFile as error:
        return _show(request, wrong_rows=error.rows[:20], status=400)
    told = ", ".join(f"{n} {what}" for what, n in done.items())
    return _show(request, told=f"Imported: {told}.")


@for_people
def taken(request: HttpRequest, month: str, name: str, kind: str) -> HttpResponseBase:
    """One of the page's reports as a file."""
    day = _month(month)
    if not may_see_sources(request.user):
        return refuse(request, "close")
    if day is None or name not in EXPORTS:
        return sentence(request, 404, "Nothing is here", "No such month, or no such file.")
    groups = ("team", "kind") if name == "reported_vs_restated" else ()
    asked = Spec(name, month_of(day), asker_of(request.user), group_by=groups)
    return answer_file(request, run(asked), name, f"{name}-{day:%Y-%m}", kind)


def _done(request: HttpRequest, month: str, act) -> HttpResponse:
    day = _month(month)
    if day is None:
        return sentence(request, 404, "No such month", "Write a month as YYYY-MM.")
    try:
        act(day, request.POST.get("why", "").replace("\x00", "")[:2000])
    except CannotClose as error:
        return _show(request, asked=day, problem=f"{error}.", status=409)
    return _back(day)


def _back(day: date) -> HttpResponse:
    return redirect(f"{reverse('close')}?month={day:%Y-%m}")


def _month(text: str) -> date | None:
    try:
        day = date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _show(
    request: HttpRequest,
    *,
    asked: date | None = None,
    given: dict | None = None,
    payment: InvoicePaid | None = None,
    errors: dict | None = None,
    wrong_rows: list | None = None,
    problem: str = "",
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    asked = asked or _month(request.GET.get("month", ""))
    edition = request.GET.get("edition", "")
    found = closing.states()
    named = edition.isascii() and edition.isdigit() and len(edition) < 9
    one = closing.chosen(found, asked, int(edition) if named else None)
    group, basis = request.GET.get("by", ""), request.GET.get("basis", "")
    if payment is None and (pk := request.GET.get("payment", "")).isdecimal():
        payment = InvoicePaid.objects.filter(pk=int(pk[:18])).first()
    context = frame(request, "close") | {
        "title": "Close",
        "states": found,
        "one": one,
        "may_close": may_see_margin(request.user),
        "payment": payment,
        "errors": errors or {},
        "wrong_rows": wrong_rows,
        "problem": problem,
        "told": told,
        "fields": closing.payment_form(given or _given(request, one, payment), errors or {}),
    }
    if one is not None:
        group = group if group in closing.GROUPS else "kind"
        basis = basis if basis in ("billed", "effective") else "effective"
        month = f"{one.month:%Y-%m}"
        context |= {
            "files": {n: files("close_file", month=month, name=n) for n in EXPORTS},
            "blockers": closing.blockers(one),
            "editions": closing.editions(one),
            "tie_out": closing.tie_out(one.month),
            "compared": closing.compared(one, asker_of(request.user), group, basis),
        }
    return render(request, "pages/close.html", context, status=status)


def _given(request: HttpRequest, one, payment: InvoicePaid | None) -> dict[str, str]:
    if payment is not None:
        return closing.payment_values(payment)
    asked = {name: request.GET[name][:200] for name in closing.LABELS if name in request.GET}
    return {"billing_period": f"{one.month:%Y-%m}" if one else "", "currency": "USD"} | asked
