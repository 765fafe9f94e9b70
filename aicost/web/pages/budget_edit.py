"""Add, change and remove a budget; take a budgets.csv and give one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aicost.accounts.scope import may_edit_names
from aicost.web.budget_files import given, taken
from aicost.web.shell import frame, refuse
from attribution.budgeting.edit import FIELDS, HISTORY, remove_budget, save_budget, texts_of
from attribution.budgeting.files import export_budgets, import_budgets
from attribution.budgeting.plans import UNITS
from attribution.budgeting.remember import remember
from attribution.entities.changes import By, EntityRefused
from attribution.models import Budget, EntityChange
from attribution.models.budgets import PERIODS, ROLL_OVERS

HISTORY_SHOWN = 50
SAVE, REMOVE = "save", "remove"


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, budget_id: int | None = None) -> HttpResponse:
    """The form of one budget, or of a new one."""
    if not may_edit_names(request.user):
        return refuse(request, "budgets")
    row = get_object_or_404(Budget, pk=budget_id) if budget_id is not None else None
    if request.method == "GET":
        return _show(request, row)
    if request.POST.get("do") == REMOVE and row is not None:
        remove_budget(row, _by(request))
        return redirect("budgets")
    given = {name: request.POST[name] for name in FIELDS if name in request.POST}
    try:
        made = save_budget({"title": "", "amount": "", "currency": ""} | given, _by(request), row)
    except EntityRefused as error:
        return _show(request, row, problem=f"{error}. {error.cure}.")
    remember(only=(made.pk, "", ""))
    return redirect("budgets")


def _by(request: HttpRequest) -> By:
    return By(request.user, request.POST.get("reason", "").replace("\x00", "").strip()[:1000])


def _show(request: HttpRequest, row: Budget | None, problem: str = "") -> HttpResponse:
    """The form with what stands, or with what was just sent and why it was not taken."""
    kept = Budget.objects.get(pk=row.pk) if row else None
    texts = texts_of(kept) if kept else dict.fromkeys(FIELDS, "") | {"currency": "USD"}
    if request.method == "POST":
        texts |= {name: request.POST[name] for name in FIELDS if name in request.POST}
    changes = EntityChange.objects.filter(dimension=HISTORY, name=kept.title if kept else "")
    context = frame(request, "budgets") | {
        "title": kept.title if kept else "A new budget",
        "budget": kept,
        "texts": texts,
        "problem": problem,
        "periods": PERIODS,
        "units": tuple(UNITS),
        "roll_overs": ROLL_OVERS,
        "history": [_told(one) for one in
                    changes.select_related("by").order_by("-id")[:HISTORY_SHOWN]],
    }  # fmt: skip
    return render(request, "pages/budget_edit.html", context, status=400 if problem else 200)


def _told(change: EntityChange) -> dict:
    names = (*change.after, *(name for name in change.before if name not in change.after))
    fields = [
        (name.replace("_", " "), change.before.get(name, ""), change.after.get(name, ""))
        for name in names
        if change.before.get(name, "") != change.after.get(name, "")
    ]
    return {
        "at": change.at,
        "by": (change.by.get_full_name() or change.by.get_username()) if change.by else "",
        "what": change.what,
        "reason": change.reason,
        "fields": fields,
    }


@login_required
@require_POST
def take_file(request: HttpRequest) -> HttpResponse:
    """A budgets.csv, all or nothing; the answer is a page that says what it changed."""
    return taken(request, "budgets.csv", "--import", import_budgets)


@login_required
@require_safe
def csv(request: HttpRequest) -> HttpResponse:
    """budgets.csv as the import takes it."""
    if not may_edit_names(request.user):
        return refuse(request, "budgets.csv")
    return given(request, "budgets", export_budgets())
