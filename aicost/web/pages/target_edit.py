"""Change what is said of a name: details, parents, budgets, other names; and take a targets.csv."""

from collections.abc import Callable
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.scope import asker_of, may_describe, may_edit_names
from aicost.jobs.queue import enqueue
from aicost.kernel.money import parse_decimal, plain
from aicost.kernel.periods import Period, utc_today
from aicost.kernel.targets import PARENTS
from aicost.web.filters import label
from aicost.web.names import CONSISTS_OF, budgets_on, may_see_plans
from aicost.web.shell import frame, refuse
from attribution.budgeting.remember import remember
from attribution.entities.attributes import known_of
from attribution.entities.changes import By, EntityRefused
from attribution.entities.files import import_targets
from attribution.entities.naming import raws_of, rename, separate, spans_of
from attribution.entities.preview import preview_merge
from attribution.entities.registry import entity_of, save_details, set_budget, set_parent
from attribution.entities.seen import is_seen, names_seen
from attribution.models import Entity, EntityParent
from attribution.models.entities import BUDGET_PERIODS, RETIRED, STATUSES
from attribution.tablefile import PROBLEMS_MAX, BadTable

FILE_BYTES_MAX = 300_000  # some thousand rows: as long as a request may take
PREVIEW_DAYS = 90
SUGGESTED_MAX = 500
TEXTS = ("title", "owner", "status", "note")
PLANS = ("business_case", "expected_currency")


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """All forms of one name; each says what it does and is sent by itself."""
    if kind not in CONSISTS_OF:
        raise Http404(f"there are no names of kind {kind}")
    if not may_describe(request.user) or not is_seen(asker_of(request.user), kind, name):
        return refuse(request, f"{kind} {name}")
    if request.method == "GET":
        return _show(request, kind, name)
    action = request.POST.get("do", "")
    if action not in ACTIONS:
        return _show(request, kind, name, problem="Nothing was asked.")
    if action != "details" and not may_edit_names(request.user):
        return refuse(request, f"{kind} {name}: {action}")
    try:
        answer = ACTIONS[action](request, kind, name)
    except EntityRefused as error:
        return _show(request, kind, name, problem=f"{error}. {error.cure}.")
    except ValueError as error:
        return _show(request, kind, name, problem=f"{error}.")
    return answer or redirect("target", kind=kind, name=name)


def _details(request: HttpRequest, kind: str, name: str) -> None:
    given, plans = request.POST, may_see_plans(asker_of(request.user), kind)
    fields = (*TEXTS, *PLANS) if plans else TEXTS
    values: dict[str, object] = {field: given.get(field, "") for field in fields}
    values["status"] = values["status"] or STATUSES[0]
    values["retired_on"] = _day(given.get("retired_on", ""))
    if values["status"] != RETIRED:
        values["retired_on"] = None
    if plans:
        worth = given.get("expected_value", "").strip()
        values["expected_value"] = parse_decimal(worth) if worth else None
    values["attributes"] = {
        one.name: given.get(f"attribute-{one.name}", "") for one in known_of(kind)
    }
    save_details(kind, name, values, _by(request))


def _parent(request: HttpRequest, kind: str, name: str) -> None:
    level, parent = request.POST.get("level", ""), request.POST.get("parent", "")
    set_parent(kind, name, level, parent, _by(request), _dates(request))


def _budget(request: HttpRequest, kind: str, name: str) -> None:
    text = request.POST.get("amount", "").strip()
    currency, period = request.POST.get("currency", "").strip(), request.POST.get("period", "")
    amount = parse_decimal(text) if text else None
    set_budget(kind, name, amount, currency, period, _by(request), _dates(request))
    remember(only=(None, kind, name))


def _joined(request: HttpRequest, kind: str, name: str) -> tuple[str, str]:
    """(the name that is called differently, what it is called)."""
    other = request.POST.get("other", "").strip()
    return (other, name) if request.POST.get("way") == "also" else (name, other)


def _preview(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    old, new = _joined(request, kind, name)
    if not old or not new:
        raise EntityRefused("the other name is missing", "Write it")
    end = utc_today()
    period = Period(date.fromordinal(end.toordinal() - PREVIEW_DAYS), end)
    day = _day(request.POST.get("from", ""))
    rows = preview_merge(kind, (old,), new, period, asker_of(request.user), day)
    return _show(request, kind, name, preview=rows, days=PREVIEW_DAYS)


def _rename(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    old, new = _joined(request, kind, name)
    changed = rename(kind, old, new, _by(request), _dates(request))
    if not changed:
        raise EntityRefused(f"{old} is {new} already", "Nothing was changed")
    enqueue("attribution.attribute", key="all")
    return redirect("target", kind=kind, name=new)


def _separate(request: HttpRequest, kind: str, name: str) -> None:
    separate(kind, request.POST.get("raw", ""), _by(request), _day(request.POST.get("from", "")))
    enqueue("attribution.attribute", key="all")


ACTIONS: dict[str, Callable[[HttpRequest, str, str], HttpResponse | None]] = {
    "details": _details,
    "parent": _parent,
    "budget": _budget,
    "preview": _preview,
    "rename": _rename,
    "separate": _separate,
}


def _by(request: HttpRequest) -> By:
    return By(request.user, request.POST.get("reason", "").replace("\x00", "").strip()[:1000])


def _dates(request: HttpRequest) -> tuple[date | None, date | None]:
    return _day(request.POST.get("from", "")), _day(request.POST.get("to", ""))


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise EntityRefused(f"{text[:20]!r} is no date", "Write YYYY-MM-DD") from error


def _show(request: HttpRequest, kind: str, name: str, **more) -> HttpResponse:
    """The forms with what stands, or with what was just sent and why it was not taken."""
    entity = entity_of(kind, name) or Entity(dimension=kind, name=name)
    budget = budgets_on(kind, utc_today()).get(name)
    seen = names_seen(asker_of(request.user), kind)
    names = Entity.objects.filter(dimension=kind).exclude(name=name).order_by("name")
    parents = EntityParent.objects.filter(level__in=PARENTS.get(kind, ()))
    context = frame(request, "targets") | {
        "title": name,
        "kind": kind,
        "kind_label": label(kind),
        "name": name,
        "entity": entity,
        "registered": entity.pk is not None,
        "sent": request.POST if request.method == "POST" else None,
        "worth": plain(entity.expected_value) or "",
        "attributes": [
            {"known": one, "value": entity.attributes.get(one.name, "")} for one in known_of(kind)
        ],
        "statuses": STATUSES,
        "may_edit": may_edit_names(request.user),
        "plans": may_see_plans(asker_of(request.user), kind),
        "levels": [(level, label(level)) for level in PARENTS.get(kind, ())],
        "parents": sorted(set(parents.values_list("parent", flat=True)))[:SUGGESTED_MAX],
        "names": [n for n in names.values_list("name", flat=True) if seen is None or n in seen],
        "raws": raws_of(kind, name),
        "is_other": spans_of(kind, name),
        "budget": budget,
        "amount": plain(budget.amount) if budget else "",
        "periods": BUDGET_PERIODS,
        "today": utc_today(),
    }
    status = 400 if more.get("problem") else 200
    return render(request, "pages/target_edit.html", context | more, status=status)


@login_required
@require_POST
def take_file(request: HttpRequest) -> HttpResponse:
    """A targets.csv, all or nothing; the answer is a page that says what it changed."""
    if not may_edit_names(request.user):
        return refuse(request, "targets.csv")
    file = request.FILES.get("file")
    context = frame(request, "targets") | {"title": "targets.csv"}
    if file is None or file.size > FILE_BYTES_MAX:
        context["problems"] = [
            f"Choose a file of at most {FILE_BYTES_MAX // 1000} kB, or take a larger one with "
            "manage.py targets import."
        ]
        return render(request, "pages/targets_import.html", context, status=400)
    try:
        done = import_targets(file.read().decode("utf-8-sig"), By(request.user, file.name[:200]))
    except BadTable as error:
        context |= {"problems": error.problems, "more": len(error.problems) == PROBLEMS_MAX}
        return render(request, "pages/targets_import.html", context, status=400)
    except UnicodeDecodeError as error:
        context["problems"] = [f"It is no UTF-8 text ({error.reason}). Save it as CSV, UTF-8."]
        return render(request, "pages/targets_import.html", context, status=400)
    enqueue("attribution.attribute", key="all")
    enqueue("attribution.budgets", key="lately")
    return render(request, "pages/targets_import.html", context | {"done": done})
