"""Enter what is left of a prepaid credit, or of a promise to spend; take a balances.csv and give
one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aicost.accounts.scope import may_edit_names
from aicost.kernel.periods import utc_today
from aicost.web.budget_files import given, taken
from aicost.web.shell import frame, refuse
from attribution.budgeting.balances import FIELDS, remove_balance, save_balance, texts_of
from attribution.budgeting.files import export_balances, import_balances
from attribution.entities.changes import By, EntityRefused
from attribution.models import CreditBalance
from attribution.models.budgets import BALANCE_KINDS

WORDS = {"prepaid": "prepaid credit", "commitment": "promised spend"}


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, balance_id: int | None = None) -> HttpResponse:
    """The form of a new balance, with the words of the last one of the same name."""
    if not may_edit_names(request.user):
        return refuse(request, "balances")
    row = get_object_or_404(CreditBalance, pk=balance_id) if balance_id is not None else None
    if request.method == "GET":
        return _show(request, row)
    by = By(request.user, request.POST.get("reason", "").replace("\x00", "").strip()[:1000])
    if request.POST.get("do") == "remove" and row is not None:
        remove_balance(row, by)
        return redirect("budgets")
    try:
        save_balance({name: request.POST.get(name, "") for name in FIELDS}, by)
    except EntityRefused as error:
        return _show(request, row, problem=f"{error}. {error.cure}.")
    return redirect("budgets")


def _show(request: HttpRequest, row: CreditBalance | None, problem: str = "") -> HttpResponse:
    today = utc_today().isoformat()
    texts = texts_of(row) | {"balance": "", "day": today} if row else dict.fromkeys(FIELDS, "")
    texts |= {} if row else {"day": today, "currency": "USD"}
    if request.method == "POST":
        texts |= {name: request.POST.get(name, "") for name in FIELDS}
    context = frame(request, "budgets") | {
        "title": row.title if row else "A credit or a commitment",
        "balance": row,
        "texts": texts,
        "problem": problem,
        "kinds": [(kind, WORDS[kind]) for kind in BALANCE_KINDS],
    }
    return render(request, "pages/balance_edit.html", context, status=400 if problem else 200)


@login_required
@require_POST
def take_file(request: HttpRequest) -> HttpResponse:
    """A balances.csv, all or nothing; the answer is a page that says what it changed."""
    return taken(request, "balances.csv", "--import-balances", import_balances)


@login_required
@require_safe
def csv(request: HttpRequest) -> HttpResponse:
    """balances.csv as the import takes it."""
    if not may_edit_names(request.user):
        return refuse(request, "balances.csv")
    return given(request, "balances", export_balances())
