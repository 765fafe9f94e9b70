"""budgets.csv and balances.csv over the browser: taken all or nothing, and given."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aicost.accounts.audit import EXPORT, record
from aicost.accounts.scope import may_edit_names
from aicost.web.shell import frame, refuse
from attribution.budgeting.remember import remember
from attribution.budgeting.taking import Taken
from attribution.entities.changes import By
from attribution.tablefile import PROBLEMS_MAX, BadTable

FILE_BYTES_MAX = 300_000


def taken(
    request: HttpRequest, name: str, option: str, take: Callable[[str, By], Taken]
) -> HttpResponse:
    """A page that says what the file changed, or every line that it could not be taken for."""
    if not may_edit_names(request.user):
        return refuse(request, name)
    file = request.FILES.get("file")
    context = frame(request, "budgets") | {"title": name}
    try:
        if file is None or file.size > FILE_BYTES_MAX:
            told = f"Choose a file of at most {FILE_BYTES_MAX // 1000} kB, or take a larger one"
            context["problems"] = [f"{told} with manage.py budgets {option}."]
        else:
            text = file.read().decode("utf-8-sig")
            context["done"] = take(text, By(request.user, file.name[:200]))
    except BadTable as error:
        context |= {"problems": error.problems, "more": len(error.problems) == PROBLEMS_MAX}
    except UnicodeDecodeError as error:
        context["problems"] = [f"It is no UTF-8 text ({error.reason}). Save it as CSV, UTF-8."]
    if "done" in context:
        remember()
    status = 200 if "done" in context else 400
    return render(request, "pages/budgets_import.html", context, status=status)


def given(request: HttpRequest, name: str, text: str) -> HttpResponse:
    """The file as the import takes it, noted in the audit trail."""
    record(request.user, EXPORT, name, {})
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
