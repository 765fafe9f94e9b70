"""The step before saving: which money moves from where to where, by the engine itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from aicost.accounts.scope import asker_of, may_edit_rules
from aicost.kernel.periods import (
    Period,
    month_of,
    previous_month,
    utc_today,
)
from aicost.web.pages.rules import show as show_list
from aicost.web.rule_change import (
    SAVE,
    Change,
    carried,
    new_order,
    of_carried,
    of_seen,
    seen,
)
from aicost.web.rule_moves import told
from aicost.web.shell import WHOLE, frame, refuse, sentence
from attribution.closing.pinned import close_of
from attribution.reports import run
from attribution.reports.spec import Spec
from attribution.ruling.draft import RuleRefused
from attribution.ruling.preview import preview

MONTHS_MAX_DAYS = 92


def show_preview(
    request: HttpRequest,
    change: Change,
    why: str = "",
    problem: str = "",
    notes: Sequence[str] = (),
) -> HttpResponse:
    """What would move over the period asked for, and the form that saves it."""
    period, wrong = _period(request)
    context = frame(request, "rules") | {
        "title": change.title,
        "change": change,
        "told": change.told(),
        "from": period.start,
        "to": period.end - timedelta(days=1),
        "why": why,
        "back": request.POST.get("back", "") or _back(request),
        "editing": _editor(change),
        "carried": carried(change),
        "notes": notes,
        "problem": problem or wrong,
    }
    try:
        context |= told(preview(change.drafts, period, asker_of(request.user)))
    except RuleRefused as error:
        context["problem"] = _refused(error)
    else:
        context["seen"] = seen(change, request.user)
    status = 400 if context["problem"] and not request.htmx else 200
    name = "parts/rule_preview.html" if request.htmx else "pages/rule_preview.html"
    return render(request, name, context, status=status)


def show_change(request: HttpRequest, change: Change) -> HttpResponse:
    """What it changes at once, and what would move when it is counted: the engine splits the
    charges of a month for it. With whole=1 both at once, as browsers without script go."""
    _, wrong = _asked(request)
    if wrong or request.htmx or request.method == "POST" or request.GET.get(WHOLE):
        return show_preview(request, change)
    address = request.get_full_path()
    context = frame(request, "rules") | {
        "title": change.title,
        "change": change,
        "told": change.told(),
        "later": address,
        "whole": f"{address}{'&' if request.GET else '?'}{WHOLE}=1",
    }
    return render(request, "pages/rule_preview.html", context)


def _editor(change: Change) -> str:
    """The address of the form a change was written in."""
    if change.kind != SAVE:
        return ""
    draft = change.drafts[0]
    return reverse("rule_edit", args=[draft.key]) if draft.base else reverse("rule_new")


def _back(request: HttpRequest) -> str:
    """What the editor was sent, so that its form can be filled again."""
    given = request.POST.copy()
    for name in ("csrfmiddlewaretoken", "do"):
        given.pop(name, None)
    return given.urlencode() if "title" in given else ""


def _period(request: HttpRequest) -> tuple[Period, str]:
    """The days asked for, else the usual ones; and what is wrong with those asked."""
    period, wrong = _asked(request)
    return period or usual_days(request), wrong


def _asked(request: HttpRequest) -> tuple[Period | None, str]:
    """The days asked for, None without any that can be; and what is wrong with them."""
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("preview_from"):
        return None, ""
    try:
        first = date.fromisoformat(given["preview_from"])
        last = date.fromisoformat(given.get("preview_to", ""))
        period = Period(first, last + timedelta(days=1))
    except (ValueError, OverflowError):
        return None, "Give two days as YYYY-MM-DD, the first before the last."
    if period.length_days > MONTHS_MAX_DAYS:
        return None, f"A preview takes at most {MONTHS_MAX_DAYS} days."
    return period, ""


def usual_days(request: HttpRequest) -> Period:
    """The last full month of data; if it is closed, no rule reaches it: the next open one."""
    month = last_full_month(request)
    while month.end <= utc_today() and close_of(month.start):
        month = month_of(month.end)
    return month


def last_full_month(request: HttpRequest) -> Period:
    """The last month that bills cover whole; while there is none, the month they have reached."""
    today = utc_today()
    asked = Spec("cost", month_of(today), asker_of(request.user))
    through = [f.through for f in run(asked).freshness if f.kind == "bill" and f.through]
    last = max(through, default=None)
    if last is None:
        return month_of(previous_month(today))
    month = month_of(last)
    if month.end - timedelta(days=1) == last:
        return month
    before = month_of(previous_month(last))
    return before if run(replace(asked, period=before)).rows else month


def _refused(error: RuleRefused) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}. {error.cure}"


@login_required
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """The same change over other days."""
    if not may_edit_rules(request.user):
        return refuse(request, "rules")
    try:
        change = of_carried(request.POST.get("carried", ""))
    except RuleRefused as error:
        return sentence(request, 400, "There is nothing to preview", _refused(error))
    return show_preview(request, change, why=request.POST.get("why", ""))


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save exactly what the preview showed."""
    if not may_edit_rules(request.user):
        return refuse(request, "rules")
    why = request.POST.get("why", "").strip()
    try:
        change = of_seen(request.POST.get("seen", ""), request.user)
    except RuleRefused as error:
        return _unseen(request, error)
    try:
        change.apply(request.user, why)
    except RuleRefused as error:
        return show_preview(request, change, why=why, problem=_refused(error))
    where = reverse("rule", args=[change.to]) if change.to else reverse("rules")
    return redirect(f"{where}?saved=1")


def _unseen(request: HttpRequest, error: RuleRefused) -> HttpResponse:
    """Nothing is saved without its preview: show it, if the change is known."""
    try:
        change = of_carried(request.POST.get("carried", ""))
    except RuleRefused:
        return sentence(request, 400, "Nothing was saved", _refused(error))
    why = request.POST.get("why", "")
    return show_preview(request, change, why=why, problem=f"Nothing was saved: {error.message}.")


@login_required
@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """A step of the list's order (without JavaScript), or the preview of the whole of it."""
    if not may_edit_rules(request.user):
        return refuse(request, "rules")
    keys = request.POST.getlist("order")
    if request.POST.get("do") != "preview" and "move" in request.POST:
        keys, moved, said = stepped(keys, request.POST)
        return show_list(request, order=keys, moved=moved, said=said)
    try:
        change = new_order(keys)
    except RuleRefused as error:
        return sentence(request, 400, "This order cannot be", _refused(error))
    if not change.drafts:
        return redirect("rules")
    return show_preview(request, change)


def stepped(keys: list[str], given) -> tuple[list[str], str, str]:
    """(the new order, the button that keeps the focus, what is announced)."""
    verb, _, key = given.get("move", "").partition(":")
    if verb == "before":
        key = given.get("subject", "")
    if key not in keys:
        return keys, "", "That rule is not in the list."
    at = keys.index(key)
    rest = [one for one in keys if one != key]
    if verb == "before":
        to = rest.index(given["before"]) if given.get("before") in rest else at
    else:
        to = max(0, at - 1) if verb == "up" else min(len(rest) - 1, at + 1)
    rest.insert(to, key)
    said = f"{key} is now number {to + 1} of {len(keys)}. Not saved yet."
    return rest, f"{verb}:{key}", said
