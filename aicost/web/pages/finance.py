"""The finance tables: ordered rows in a form, what a draft would move, history, files."""

from collections.abc import Mapping
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from aicost.accounts.audit import EXPORT, record
from aicost.accounts.scope import asker_of, may_see_margin
from aicost.kernel.periods import month_of, previous_month, utc_today
from aicost.web import when
from aicost.web.exports import sent
from aicost.web.months import months_offered
from aicost.web.shell import for_people, frame, refuse
from attribution.finance import tables
from attribution.finance.shapes import CLASS_NAMES, SHAPES, Shape, TableRefused
from attribution.models import FinanceEdition
from attribution.reports.columns import COUNT, TEXT
from attribution.reports.finance_preview import preview
from attribution.reports.sheets import Column, listed

ROWS_MAX = 500
FILE_BYTES_MAX = 1_000_000
LEADS = {
    "cost_classes": "What is cost of revenue, and what is not. The first row that matches decides;"
    " no cent of the ledger moves.",
    "accounts": "On which accounts the journal books. The first row of a side decides.",
    "revenue_splits": "Revenue of a suite or a plan, split over the features that earn it.",
}


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, name: str = "cost_classes") -> HttpResponse:
    """The table as a form; a POST says what to `do` with what was filled in."""
    if not may_see_margin(request.user):
        return refuse(request, f"finance/{name}")
    shape = _shape(name)
    if request.method == "GET":
        edition = tables.newest(name)
        return _show(request, shape, [_cells(shape, row) for row in edition.rows], edition.version)
    return _posted(request, shape)


@login_required
@require_safe
def csv(request: HttpRequest, name: str) -> HttpResponse:
    """The table in force as the file that can be imported."""
    if not may_see_margin(request.user):
        return refuse(request, f"finance/{name}.csv")
    text = tables.to_csv(_shape(name).name, tables.newest(name).rows)
    record(request.user, EXPORT, f"finance/{name}")
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


@for_people
def taken(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """The same as a table: a row a row, in their order."""
    if not may_see_margin(request.user):
        return refuse(request, f"finance/{name}.{kind}")
    shape, edition = _shape(name), tables.newest(name)
    columns = [Column("row", COUNT), *(Column(one, TEXT) for one in shape.names)]
    rows = [{"row": n, **row} for n, row in enumerate(edition.rows, 1)]
    return sent(request, listed(shape.name, columns, rows), f"finance/{name}", name, kind)


def _shape(name: str) -> Shape:
    if name not in SHAPES:
        raise Http404(f"no finance table {name}")
    return SHAPES[name]


def _posted(request: HttpRequest, shape: Shape) -> HttpResponse:
    cells = _given(request.POST, shape)
    do, _, number = request.POST.get("do", "save").partition("-")
    at = int(number) if number.isdecimal() and len(number) < 9 else 0
    version = request.POST.get("version", "")
    based_on = int(version) if version.isdecimal() and len(version) < 9 else 0
    why = request.POST.get("why", "").replace("\x00", "")[:500]
    try:
        if do in ("up", "down", "remove", "add"):
            return _show(request, shape, _arranged(cells, shape, do, at), based_on)
        if do == "revert":
            tables.revert(shape.name, at, request.user, why)
            return redirect("finance_table", shape.name)
        rows = _uploaded(request, shape) if do == "import" else _rows(shape, cells)
        if do == "preview":
            month = _month(request.POST.get("month", ""))
            moved = preview(shape.name, tables.checked(shape, rows), month, asker_of(request.user))
            return _show(request, shape, cells, based_on, preview=moved, month=month.start)
        tables.save(shape.name, rows, request.user, why, None if do == "import" else based_on)
    except TableRefused as error:
        problem = f"{error}. {error.cure}."
        return _show(request, shape, cells, based_on, problem=problem, status=400)
    return redirect("finance_table", shape.name)


def _cells(shape: Shape, row: Mapping[str, str]) -> dict[str, str]:
    """A row as the form shows it: its conditions are one text, `when`."""
    plain = {name: row.get(name, "") for name in shape.names if name not in shape.conditions}
    return plain | {"when": when.written(shape, row)}


def _rows(shape: Shape, cells: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of the form. Raises TableRefused."""
    return [
        {name: text for name, text in row.items() if name != "when"}
        | when.read(shape, row["when"], f"row {number}")
        for number, row in enumerate(cells, 1)
        if any(row.values())
    ]


def _given(posted: Mapping[str, str], shape: Shape) -> list[dict[str, str]]:
    names = tuple(_cells(shape, {}))
    count = posted.get("count", "0")
    rows = min(int(count), ROWS_MAX) if count.isdecimal() and len(count) < 6 else 0
    return [
        {name: posted.get(f"{n}-{name}", "").replace("\x00", "").strip() for name in names}
        for n in range(rows)
    ]


def _arranged(cells: list[dict], shape: Shape, do: str, at: int) -> list[dict]:
    """The draft after one step: a row up, down or away, or an empty one before the last."""
    cells = list(cells)
    if do == "add":
        cells.insert(max(len(cells) - 1, 0), _cells(shape, {}))
    elif at < len(cells):
        row = cells.pop(at)
        if do != "remove":
            cells.insert(max(at - 1, 0) if do == "up" else at + 1, row)
    return cells


def _uploaded(request: HttpRequest, shape: Shape) -> list[dict[str, str]]:
    file = request.FILES.get("file")
    if file is None:
        raise TableRefused("no file was chosen", "Choose a CSV file")
    if file.size > FILE_BYTES_MAX:
        raise TableRefused("the file is larger than 1 MB", "A table is a short list")
    try:
        return tables.from_csv(shape.name, file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TableRefused("the file is not UTF-8", "Save it as CSV UTF-8") from error


def _month(text: str):
    """The month asked for. Raises TableRefused for one that is none."""
    try:
        return month_of(date.fromisoformat(f"{text}-01"))
    except ValueError as error:
        raise TableRefused(f"{text[:20]!r} is no month", "Write YYYY-MM") from error


def _history(name: str) -> list[dict]:
    """The editions, newest first, with what each changed; the built-in rows at last."""
    saved = tables.history(name)
    built_in = FinanceEdition(table=name, version=0, rows=tables.built_in(name), why="Built in")
    every = [*saved, built_in]
    return [
        {
            "edition": one,
            "added": sum(row not in before.rows for row in one.rows),
            "removed": sum(row not in one.rows for row in before.rows),
        }
        for one, before in zip(every, [*every[1:], every[-1]], strict=True)
    ]


def _show(
    request: HttpRequest, shape: Shape, cells: list[dict], version: int, *, problem: str = "",
    preview=None, month: date | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    columns = [one for one in shape.columns if one.name not in shape.conditions]
    ends = ("valid_from", "valid_to", "note")
    shown = month or previous_month(utc_today())
    context = frame(request, "finance") | {
        "title": shape.title,
        "shape": shape,
        "lead": LEADS[shape.name],
        "tabs": SHAPES.values(),
        "heads": [one for one in columns if one.name not in ends],
        "tails": [one for one in columns if one.name in ends],
        "rows": cells,
        "names": CLASS_NAMES,
        "version": version,
        "problem": problem,
        "preview": preview,
        "month": shown,
        "months": months_offered(shown),
        "history": _history(shape.name),
    }
    return render(request, "pages/finance_table.html", context, status=status)
