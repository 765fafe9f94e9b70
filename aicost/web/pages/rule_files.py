"""Rules as YAML: taken out, and brought in by way of a preview."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from aicost.accounts.audit import EXPORT, record
from aicost.accounts.scope import may_see_sources
from aicost.web import numbers
from aicost.web.pages.rule_edit import for_editing
from aicost.web.pages.rule_preview import show_preview
from aicost.web.rule_change import IMPORT, Change
from aicost.web.shell import for_people, frame, refuse
from attribution.ruling.yaml_rules import BYTES_MAX, FileRefused, Plan, export, plan


@for_people
def taken(request: HttpRequest) -> HttpResponse:
    """All rules in their newest version, as a file."""
    if not may_see_sources(request.user):
        return refuse(request, "rules")
    record(request.user, EXPORT, "rules.yaml")
    answer = HttpResponse(export(), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="rules.yaml"'
    return answer


@for_editing
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """A file of rules: what it would change in words, and which money moves; then saved."""
    if request.method == "GET":
        return _ask(request)
    only = "only" in request.POST
    try:
        decided = plan(_text(request), only)
    except UnicodeDecodeError:
        return _ask(request, ["It is no text in UTF-8. Save it as UTF-8, and send it again."])
    except FileRefused as error:
        return _ask(request, [str(one) for one in error.problems])
    if not decided.planned:
        return _ask(request, said=f"Nothing to do: {_unchanged(decided)} as the file says.")
    change = Change(IMPORT, _title(decided), tuple(decided.drafts))
    return show_preview(request, change, notes=_notes(decided))


def _text(request: HttpRequest) -> str:
    if found := request.FILES.get("file"):
        return found.read(BYTES_MAX + 1).decode()
    return request.POST.get("text", "")


def _title(decided: Plan) -> str:
    return f"Import {numbers.plural(len(decided.planned), 'change')} of rules"


def _unchanged(decided: Plan) -> str:
    return numbers.plural(decided.unchanged, "rule is", "rules are")


def _notes(decided: Plan) -> list[str]:
    notes = [f"{_unchanged(decided)} as the file says."]
    if decided.absent:
        notes.append(f"Not in the file and left alone: {', '.join(decided.absent)}.")
    return notes


def _ask(request: HttpRequest, problems: list[str] | None = None, said: str = "") -> HttpResponse:
    context = frame(request, "rules") | {
        "title": "Import rules",
        "problems": problems or [],
        "said": said,
        "text": request.POST.get("text", ""),
        "only": "only" in request.POST,
    }
    return render(request, "pages/rule_import.html", context, status=400 if problems else 200)
