"""CSV of what a page shows: the same answer, unrounded, and a line in the audit trail."""

from django.http import HttpRequest, HttpResponse

from aicost.accounts.audit import EXPORT, record
from aicost.web.ask import Ask
from attribution.reports.formats import to_csv


def csv_of(request: HttpRequest, ask: Ask, report: str, **changes) -> HttpResponse:
    """The answer of one report as a file to download. Raises NotAllowed like the report."""
    answer = ask.report(report, **changes)
    record(request.user, EXPORT, report, {"query": ask.view.frozen_dates().query()})
    response = HttpResponse(to_csv(answer), content_type="text/csv; charset=utf-8")
    name = f"{report}-{ask.period.start}-{ask.period.end}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
