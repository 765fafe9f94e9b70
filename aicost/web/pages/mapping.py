"""Any other file: choose what it is, which column means what, and see the rows before loading."""

from pathlib import Path
import re

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from aicost.accounts.audit import MAPPING_SAVED, record
from aicost.accounts.scope import may_upload
from aicost.jobs.queue import enqueue
from aicost.web.shell import frame, refuse
from ingest.connect import is_storable
from ingest.fetch.kept import working_folder
from ingest.inbox import UploadTooLarge, keep_upload
from ingest.models import Source
from ingest.preview import file_columns, preview
from ingest.readers import save_mapping
from ingest.sources.base import Unreadable
from ingest.sources.mapped import DATES, DECIMALS, BadMapping, targets

_TICKET = re.compile(r"upload-[0-9a-f]{32}\Z")
WORDS = {
    "focus": "A bill: what was charged, for what, on which day",
    "usage": "Calls or jobs: model, tokens, requests, who and for what",
    "gpu_intervals": "GPU time of devices and what ran on them",
    "revenue": "Revenue per day, by feature or customer",
    "outcomes": "Results one can count: orders, answers accepted, tickets solved",
    "quality": "Quality scores of model versions",
    "resource_map": "Which node is which resource on the bill",
    "workload_map": "Which pod or job belongs to which feature, model or team",
    "storage_map": "Whose the objects under a prefix of a bucket are",
    "alias": "Other names of a model, feature or team",
}
FIXED = "="  # before a fixed value in the form


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Step by step in one form: file and kind, columns, preview, save and load."""
    if not may_upload(request.user):
        return refuse(request, "mapping")
    context = frame(request, "sources") | _choices(request)
    if request.method == "GET":
        return render(request, "pages/mapping.html", context)
    try:
        path = _file(request)
        if path is None:
            context["problem"] = "Choose a file first."
            return render(request, "pages/mapping.html", context, status=400)
        context |= {
            "ticket": path.parent.name,
            "file": path.name,
            "columns": _columns(request, path),
        }
        do = request.POST.get("do", "")
        if do in ("preview", "save"):
            told = _told(request)
            context["preview"] = preview(path, told)
            if do == "save":
                return _save(request, path, told)
    except (Unreadable, BadMapping, UploadTooLarge) as error:
        context["problem"] = str(error)
        return render(request, "pages/mapping.html", context, status=400)
    return render(request, "pages/mapping.html", context)


def _choices(request: HttpRequest) -> dict:
    known = targets()
    chosen = request.POST.get("target", "")
    return {
        "title": "Map a file",
        "targets": [(t.name, WORDS.get(t.name, t.name)) for t in known],
        "target": next((t.name for t in known if t.name == chosen), "focus"),
        "decimals": DECIMALS,
        "dates": DATES,
        "decimal": request.POST.get("decimal", "."),
        "date": request.POST.get("date", "iso"),
        "source_name": request.POST.get("source", "").strip()[:100],
    }


def _file(request: HttpRequest) -> Path | None:
    """The file given now, or the one kept by an earlier step."""
    given = request.FILES.get("file")
    if given is not None:
        return keep_upload(given.name, given.chunks())
    ticket = request.POST.get("ticket", "")
    folder = working_folder() / ticket
    if not _TICKET.match(ticket) or not folder.is_dir():
        return None
    return next(iter(folder.iterdir()), None)


def _columns(request: HttpRequest, path: Path) -> list[dict]:
    """One line of the form per column of the target, the likely column chosen beforehand."""
    found = file_columns(path)
    chosen = request.POST.get("target", "focus")
    target = next((t for t in targets() if t.name == chosen), targets()[0])
    lines = []
    for name, required in target.columns:
        value = request.POST.get(f"column-{name}")
        if value is None:
            value = _likely(name, found)
        lines.append(
            {
                "name": name,
                "required": required,
                "value": value,
                "fixed": request.POST.get(f"fixed-{name}", ""),
                "choices": found,
            }
        )
    return lines


def _likely(name: str, found: list[str]) -> str:
    def folded(text: str) -> str:
        return re.sub(r"[^a-z0-9]", "", text.lower())

    return next((column for column in found if folded(column) == folded(name)), "")


def _told(request: HttpRequest) -> dict:
    columns, constants = {}, {}
    for key, value in request.POST.items():
        if key.startswith("column-") and value:
            columns[key.removeprefix("column-")] = value
        elif key.startswith("fixed-") and value.strip():
            constants[key.removeprefix("fixed-")] = value.strip()
    return {
        "target": request.POST.get("target", ""),
        "columns": columns,
        "constants": constants,
        "decimal": request.POST.get("decimal", "."),
        "date": request.POST.get("date", "iso"),
    }


def _save(request: HttpRequest, path: Path, told: dict) -> HttpResponse:
    name = request.POST.get("source", "").strip()[:100]
    if not name or not is_storable(name):
        raise BadMapping("Give the source a name: its later files are read the same way")
    kind = "bill" if told["target"] == "focus" else "usage"
    source, _ = Source.objects.get_or_create(name=name, defaults={"kind": kind})
    save_mapping(source, told)
    record(request.user, MAPPING_SAVED, name, {"target": told["target"], "file": path.name})
    job = enqueue("ingest.load", {"paths": [str(path)], "source": name})
    return redirect("upload_job", job.pk)
