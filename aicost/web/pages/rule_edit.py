"""The editor of a rule: the form, its rows, and what it offers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from aicost.accounts.scope import may_edit_rules
from aicost.web import rule_choices as choices
from aicost.web.pages.rule_preview import show_preview
from aicost.web.rule_change import SAVE, Change
from aicost.web.rule_form import (
    ASSIGNED,
    Assign,
    Condition,
    RuleForm,
    draft_of,
    of_draft,
    of_link,
    read,
)
from aicost.web.shell import frame, refuse, sentence
from attribution.entities.changes import is_storable
from attribution.models import AllocationRule
from attribution.reports.spec import BadSpec
from attribution.ruling.conditions import OPS
from attribution.ruling.draft import LAST, Draft, RuleRefused
from attribution.ruling.edit import newest
from attribution.ruling.validate import METHODS, THEN, groups_of, problems

_AFTER = {"nothing": "nothing more", "requests": "by calls of the model", "tokens": "by tokens"}


def for_editing(view: Callable) -> Callable:
    """Only for those who may change rules."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_edit_rules(request.user):
            return refuse(request, "rules")
        return view(request, *args, **kwargs)

    return checked


def rule_of(key: str) -> AllocationRule | None:
    """The newest version of a rule; None for a key that no rule has or can have."""
    if not is_storable(key):
        return None
    found = AllocationRule.objects.filter(key=key).select_related("created_by")
    return found.order_by("-version").first()


@for_editing
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A rule of one's own, empty or as a suggestion fills it."""
    if request.method == "POST":
        return _answer(request, None)
    try:
        form = of_link(request.GET["draft"]) if "draft" in request.GET else RuleForm()
    except BadSpec as error:
        return sentence(request, 400, "This address cannot be read", f"{error}.")
    return _show(request, form, None)


@for_editing
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The newest version of a rule; saving adds the next."""
    rule = rule_of(key)
    if rule is None:
        return no_rule(request, key)
    if rule.key == LAST:
        text = "It claims what no other rule does. Write a rule of your own that stands before it."
        return sentence(request, 400, f"“{rule.title}” stays as it is", text)
    if request.method == "POST":
        return _answer(request, rule)
    return _show(request, of_draft(Draft.of(rule)), rule)


def no_rule(request: HttpRequest, key: str) -> HttpResponse:
    text = f"There is no rule “{key[:80]}”. The list of rules has all there are."
    return sentence(request, 404, "No such rule", text)


def _answer(request: HttpRequest, rule: AllocationRule | None) -> HttpResponse:
    """A row more or less, the preview, or the form again with what is wrong."""
    do = request.POST.get("do", "")
    form = read(QueryDict(request.POST["back"]) if "back" in request.POST else request.POST)
    if rule is not None:
        form = replace(form, key=rule.key, enabled=rule.enabled, position=rule.position)
    if do != "preview":
        form, focus, said = edited(form, do)
        return _show(request, form, rule, focus=focus, said=said)
    form, errors = form.without_blanks(), {}
    try:
        draft = draft_of(form, newest())
        errors = {one.part: f"{_capital(one.message)}. {one.cure}" for one in problems(draft)}
    except RuleRefused as error:
        errors = {error.part: f"{_capital(error.message)}. {error.cure}"}
    if errors:
        return _show(request, form, rule, errors=errors)
    title = f"Change {draft.title}" if rule else f"New rule: {draft.title}"
    change = Change(SAVE, title, (draft,), to=draft.key)
    return show_preview(request, change, why=form.why)


def edited(form: RuleForm, do: str) -> tuple[RuleForm, str, str]:
    """(the form with a row more or less, the id that gets the focus, what is announced)."""
    verb, _, which = do.partition(":")
    if verb == "add" and which == "condition":
        rows = (*form.conditions, Condition())
        said = f"Condition {len(rows)} added."
        return replace(form, conditions=rows), f"c-{len(rows) - 1}-field", said
    if verb == "add" and which == "target":
        named = {one.name for one in form.assigns}
        free = next((name for name in ("team", *ASSIGNED) if name not in named), "team")
        rows = (*form.assigns, Assign(free))
        return replace(form, assigns=rows), f"a-{len(rows) - 1}-name", f"Target {len(rows)} added."
    if verb in ("drop-condition", "drop-target") and which.isdecimal():
        name = "conditions" if verb == "drop-condition" else "assigns"
        rows = tuple(one for n, one in enumerate(getattr(form, name)) if n != int(which))
        word = "Condition" if name == "conditions" else "Target"
        focus = "add-condition" if name == "conditions" else "add-target"
        return replace(form, **{name: rows}), focus, f"{word} {int(which) + 1} removed."
    return form, "", ""


def _show(
    request: HttpRequest,
    form: RuleForm,
    rule: AllocationRule | None,
    errors: Mapping[str, str] | None = None,
    focus: str = "",
    said: str = "",
) -> HttpResponse:
    errors = dict(errors or {})
    context = frame(request, "rules") | {
        "title": f"Change {rule.title}" if rule else "Add a rule",
        "rule": rule,
        "form": form,
        "errors": errors,
        "problem": _above(errors),
        "focus": focus,
        "said": said,
        **offered(form, errors),
    }
    part = "parts/rule_form.html" if request.htmx else "pages/rule_edit.html"
    return render(request, part, context, status=400 if errors and not request.htmx else 200)


def offered(form: RuleForm, errors: Mapping[str, str]) -> dict:
    """Every row with its choices and its error, and the choices of the whole form."""
    method = METHODS.get(form.method)
    return {
        "conditions": [
            {
                "n": n,
                "row": row,
                "values": choices.values(row.field) if row.field else [],
                "errors": _of(errors, f"conditions.{n}"),
            }
            for n, row in enumerate(form.conditions)
        ],
        "assigns": [
            {
                "n": n,
                "row": row,
                "names": choices.names(row.name, row.source),
                "errors": _of(errors, f"assigns.{row.name}"),
            }
            for n, row in enumerate(form.assigns)
        ],
        "fields": choices.fields(),
        "ops": OPS.items(),
        "assigned": ASSIGNED,
        "froms": choices.FROM,
        "captures": _captures(form),
        "methods": [(one.method_id, one.title) for one in METHODS.values()],
        "thens": [(name, _AFTER.get(name, name)) for name in THEN],
        "fallbacks": choices.fallbacks(),
        "options": [
            {"option": one, "value": form.options.get(one.name, ""),
             "error": errors.get(f"options.{one.name}", "")}
            for one in (method.options if method else ())
        ],
        "bill_sources": choices.bill_sources(),
        "others": [one for one in newest() if one.key != form.key],
    }  # fmt: skip


def _captures(form: RuleForm) -> tuple[str, ...]:
    told = tuple({"op": one.op, "value": one.value} for one in form.conditions)
    return groups_of(Draft(key="", title="", conditions=told))


def _of(errors: Mapping[str, str], part: str) -> dict[str, str]:
    """Errors of one row by what of it is wrong; `row` for the whole."""
    found = {k.removeprefix(f"{part}."): v for k, v in errors.items() if k.startswith(f"{part}.")}
    return found | ({"row": errors[part]} if part in errors else {})


def _above(errors: Mapping[str, str]) -> str:
    """What is said above the form: how many parts have to be put right, and what has no place."""
    placed = ("title", "conditions", "assigns", "position", "valid_from", "valid_to", "sources",
              "method", "then", "fallback", "options", "why")  # fmt: skip
    loose = [text for part, text in errors.items() if part.partition(".")[0] not in placed]
    if loose:
        return " ".join(loose)
    count = len(errors)
    if not count:
        return ""
    return f"{count} thing{'s have' if count > 1 else ' has'} to be put right; see below."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


@for_editing
@require_safe
def values(request: HttpRequest) -> HttpResponse:
    """Options for a value: of the field of a condition, or of the dimension of a target."""
    given = {name.rpartition("-")[2]: request.GET[name] for name in request.GET}
    if "name" in given:
        found = choices.names(given["name"], given.get("from", choices.CONSTANT))
    else:
        found = choices.values(given.get("field", ""))
    return render(request, "parts/rule_values.html", {"values": found})
