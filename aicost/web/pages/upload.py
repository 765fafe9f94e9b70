"""Add data: one file becomes one load job, whose result this page shows."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from aicost.accounts.audit import UPLOAD, record
from aicost.accounts.scope import may_upload
from aicost.jobs.models import Job
from aicost.web.shell import frame, refuse
from ingest.inbox import UploadTooLarge, receive_upload

KIND = "ingest.load"
RECENT_MAX = 10
SOURCE_NAME_MAX = 100
WAITING = (Job.NEW, Job.RUNNING)


def results_of(job: Job) -> list[dict]:
    """What the load said about each delivery; empty while it runs or when it failed."""
    return (job.result or {}).get("results", [])


def _printable(text: str) -> str:
    """A name somebody typed, as it can be stored and shown."""
    return "".join(filter(str.isprintable, text)).strip()[:SOURCE_NAME_MAX]


def _context(request: HttpRequest, job: Job | None, refused: str = "") -> dict:
    mine = Job.objects.filter(kind=KIND).order_by("-created_at")[:RECENT_MAX]
    listed = [{"job": one, "results": results_of(one)} for one in mine]
    return frame(request, "upload") | {
        "title": "Add data",
        "refused": refused,
        "job": job,
        "results": results_of(job) if job else [],
        "waiting": job is not None and job.state in WAITING,
        "recent": listed,
    }


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    if not may_upload(request.user):
        return refuse(request, "upload")
    if request.method == "GET":
        return render(request, "pages/upload.html", _context(request, None))
    given = request.FILES.get("file")
    if given is None:
        context = _context(request, None, "Choose a file first.")
        return render(request, "pages/upload.html", context, status=400)
    source = _printable(request.POST.get("source", "")) or None
    try:
        job = receive_upload(given.name, given.chunks(), source)
    except UploadTooLarge as error:
        context = _context(request, None, str(error))
        return render(request, "pages/upload.html", context, status=413)
    detail = {"source": source, "bytes": given.size, "job": job.pk}
    record(request.user, UPLOAD, _printable(given.name), detail)
    return redirect("upload_job", job.pk)


@login_required
def upload_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """The result of one upload; asked again every two seconds while the job waits or runs."""
    if not may_upload(request.user):
        return refuse(request, "upload")
    job = get_object_or_404(Job, pk=job_id, kind=KIND)
    name = "parts/upload_result.html" if request.htmx else "pages/upload.html"
    return render(request, name, _context(request, job))
