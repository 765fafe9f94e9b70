"""Daily files: where they go, how the last run went, and the form that adds one more."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from aicost.accounts.audit import FILES_ADDED, FILES_PAUSED, FILES_REMOVED, FILES_RUN, record
from aicost.accounts.scope import may_send_files
from aicost.files.datasets import DATASETS
from aicost.files.destinations import add, check
from aicost.files.models import Destination, FilesRun
from aicost.files.show import rows
from aicost.files.stores import ROOTS, kind_of
from aicost.files.tasks import enqueue_run
from aicost.web.lists import in_order_of
from aicost.web.shell import frame, refuse
from aicost.web.sorting import Sorting
from ingest.connect import BadSettings, is_storable

MARKS = {FilesRun.DONE: "on-time", FilesRun.FAILED: "late"}
DESTINATIONS = Sorting(
    {"state": "state", "name": "name", "run": "started_at", "written": "days_written",
     "waiting": "days_waiting"},
    words=("state", "name"),
)  # fmt: skip
IN_THE_ADDRESS = ("bucket", "prefix")
CHOSEN_FIRST = ("cost", "focus")


def for_senders(view: Callable) -> Callable:
    """Only for those who may send what the whole company costs elsewhere."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_send_files(request.user):
            return refuse(request, "files")
        return view(request, *args, **kwargs)

    return checked


@for_senders
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """All destinations; a new one is tried and written at once."""
    errors: Mapping[str, str] = {}
    if request.method == "POST":
        try:
            made = _added(request)
        except BadSettings as error:
            errors = error.errors
        else:
            detail = {"kind": made.kind, "datasets": made.datasets}
            record(request.user, FILES_ADDED, made.name, detail)
            enqueue_run(made)
            return redirect("files")
    context = frame(request, "files") | {
        "title": "Daily files",
        "destinations": in_order_of(request, DESTINATIONS, map(_marked, rows())),
        "errors": errors,
        "given": request.POST,
        "datasets": [(one, _is_chosen(request, one.name)) for one in DATASETS],
        "fields": [_field(request, one, errors) for one in _s3_fields()],
        "roots": ROOTS,
    }
    return render(request, "pages/files.html", context, status=400 if errors else 200)


def _marked(row: dict) -> dict:
    return row | {"mark": MARKS.get(row["state"], "waiting")}


def _added(request: HttpRequest) -> Destination:
    """The destination of the form, if it can be written. Raises `BadSettings`."""
    given = request.POST
    if not all(is_storable(text) for values in given.lists() for text in values[1]):
        raise BadSettings({"name": "a character that no name has"})
    try:
        first = date.fromisoformat(given["first_day"]) if given.get("first_day") else None
    except ValueError:
        raise BadSettings({"first_day": "write YYYY-MM-DD, or leave it empty"}) from None
    values = {one.name: given.get(one.name, "").strip() for one in _s3_fields()}
    told = {name: value for name, value in values.items() if value}
    name, address = given.get("name", "").strip(), given.get("address", "").strip()
    made = add(name, address, told, given.getlist("dataset"), first)
    tried = check(made)
    if not tried.ok:
        made.delete()
        raise BadSettings({"address": ". ".join(filter(None, (tried.what, tried.cure)))})
    return made


def _s3_fields() -> list:
    return [one for one in kind_of("s3").fields if one.name not in IN_THE_ADDRESS]


def _field(request: HttpRequest, field, errors: Mapping[str, str]) -> dict:
    is_secret = field.kind == "secret"
    value = "" if is_secret else request.POST.get(field.name, "")
    return {"field": field, "value": value, "secret": is_secret, "error": errors.get(field.name)}


def _is_chosen(request: HttpRequest, name: str) -> bool:
    if request.method == "POST":
        return name in request.POST.getlist("dataset")
    return name in CHOSEN_FIRST


@for_senders
@require_POST
def run(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Have what changed written now, by a worker."""
    found = get_object_or_404(Destination, pk=destination_id)
    record(request.user, FILES_RUN, found.name)
    enqueue_run(found)
    return redirect("files")


@for_senders
@require_POST
def pause(request: HttpRequest, destination_id: int) -> HttpResponse:
    found = get_object_or_404(Destination, pk=destination_id)
    found.enabled = not found.enabled
    found.save(update_fields=["enabled"])
    record(request.user, FILES_PAUSED, found.name, {"enabled": found.enabled})
    return redirect("files")


@for_senders
@require_POST
def remove(request: HttpRequest, destination_id: int) -> HttpResponse:
    """Forget it and its credentials; what it wrote stays where it is."""
    found = get_object_or_404(Destination, pk=destination_id)
    record(request.user, FILES_REMOVED, found.name, {"kind": found.kind})
    found.delete()
    return redirect("files")
