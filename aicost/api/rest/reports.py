"""/api/v1/reports and /api/v1/reports/<name>: every report, as the page and the command have it."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from aicost.api.reading import reading
from aicost.api.rest import described as d
from aicost.api.rest.asking import FILTERS, QUESTION
from aicost.api.rest.cursors import page, question_of
from aicost.api.rest.frame import Resource, address_after, document_of, operation
from aicost.api.rest.given import Param
from aicost.api.rest.problems import Refused
from aicost.api.rest.remembered import remembered
from aicost.api.rest.written import (
    CSV,
    MEDIA,
    PARQUET,
    Passing,
    columns_of,
    head_of,
    in_memory,
    streamed,
    trust_of,
)
from aicost.kernel.periods import Period, utc_now, utc_today
from attribution.reports import REPORTS, compare, named, stream
from attribution.reports.base import Report, check
from attribution.reports.changes import changed_steps, is_incremental, steps_told
from attribution.reports.question import question, spec_values
from attribution.reports.spec import ANY_TAG, Asker, BadSpec, NotAllowed, Spec

LIMIT, LIMIT_MAX, ALL = 1_000, 10_000, "all"
PREVIOUS = "previous"
PARAMS = (
    *QUESTION,
    Param("compare", "previous: `previous`, `delta` and `delta_percent` beside each row.",
          choices=(PREVIOUS,)),
    Param("format", "Else the header Accept says it, else JSON.", choices=tuple(MEDIA)),
    Param("limit", f"Rows of a page of JSON, 1 to {LIMIT_MAX:,}, or `all` in one stream.",
          default=str(LIMIT), example="1000"),
    Param("cursor", "`next_cursor` of the page before; all else repeated."),
)  # fmt: skip


class ReportList(Resource):
    @operation(
        "All reports",
        answers={200: d.thing(reports=d.listed(d.of("ReportDescribed")))},
        says="Every report with its columns and what it can be asked; `allowed` says whether "
        "whoever asks may ask it.",
        operation_id="list_reports",
        tags=["reports"],
    )
    def get(self, request) -> HttpResponse:
        told = [told_of(report, self.asker, request) for report in REPORTS.values()]
        return document_of({"reports": told})


def told_of(report: Report, asker: Asker, request: HttpRequest) -> dict:
    """What one report is and can be asked."""
    today = utc_today()
    spec = Spec(
        report.name,
        Period(today - timedelta(days=1), today),
        asker,
        granularity=report.granularities[0],
    )
    try:
        check(report, spec)
        allowed = True
    except NotAllowed:
        allowed = False
    return {
        "name": report.name,
        "title": report.title,
        "url": request.build_absolute_uri(f"/api/v1/reports/{report.name}"),
        "columns": columns_of(report.columns(spec)),
        "group_by": list(report.groups),
        "filters": list(report.filters),
        "granularities": list(report.granularities),
        "pools": list(report.pools),
        "roles": None if report.roles is None else list(report.roles),
        "whole_company": report.whole_company,
        "in_currency": report.converts,
        "against": report.against,
        "updated_since": is_incremental(report, spec),
        "compares": report.measure,
        "allowed": allowed,
    }


class ReportRows(Resource):
    @operation(
        "The rows of one report",
        params=PARAMS,
        filters=(*FILTERS, ANY_TAG),
        answers={
            200: {"media": {"application/json": d.of("ReportAnswer"), CSV: d.TEXT,
                            PARQUET: {"type": "string", "format": "binary"}}},
        },
        says="Flat rows in the order of their key (days and names). JSON comes in pages: while "
        "`next` is not null, more follow. CSV and Parquet come whole, as a stream. Which columns, "
        "groups and filters a report has: `/api/v1/reports`.",
        path={"name": {"type": "string", "enum": list(REPORTS)}},
        operation_id="read_report",
        tags=["reports"],
        reads_itself=True,
    )  # fmt: skip
    def get(self, request, name: str) -> HttpResponseBase:
        return answer_of(request._request, name, self.given, self.asker)


def answer_of(request: HttpRequest, name: str, given: dict, asker: Asker) -> HttpResponseBase:
    """Raises NotAllowed, BadSpec, and Refused for a report there is not."""
    if name not in REPORTS:
        told = f"there is no report {name[:60]!r}"
        raise Refused(404, told, "/api/v1/reports lists them")
    report, kind = named(name), _kind(request, given["format"])
    limit = _limit(given["limit"])
    if (kind != "json" or limit is None) and (given["cursor"] or given["compare"]):
        raise BadSpec("a cursor and a comparison are for pages of JSON")
    spec = question(name, asker, given)
    check(report, spec)
    if given["updated_since"] is not None and given["compare"]:
        raise BadSpec("updated_since and compare are not asked together")

    since = given["updated_since"]
    if kind != "json" or limit is None:
        return streamed(kind, report, spec, since)

    def made() -> HttpResponse:
        return _page(request, report, spec, limit, given)

    return remembered((request.build_absolute_uri(), asker), made)


def _page(request, report, spec, limit, given) -> HttpResponse:
    """One page of JSON; with `updated_since` of the steps that may have changed."""
    since, more = given["updated_since"], {"read_at": utc_now()}
    asked = question_of(spec_values(spec), since, given["compare"])
    with reading(settings.AICOST_API_SECONDS, replays=spec.by_rules):
        steps = () if since is None else changed_steps(report, spec, since)
        with in_memory(spec, compares=bool(given["compare"])):
            found = compare(spec) if given["compare"] else stream(spec)
        passing = Passing(found.rows)
        rows = passing if since is None else passing.of(steps)
        taken, after = page(rows, found.columns, given["cursor"], limit, asked)
        if since is not None:
            steps = steps_told(spec, steps, passing.steps)
        told = (
            head_of(report.title, found)
            | trust_of(found.trust, passing.currency)
            | {
                "tombstones": [] if given["cursor"] else list(steps),
                "rows": [{name: row[name] for name in found.columns} for row in taken],
                "next": None if after is None else address_after(request, after),
                "next_cursor": after,
            }
        )
    return document_of(told, apart=more)


def _kind(request: HttpRequest, asked: str | None) -> str:
    """By the parameter, else by the header; JSON for whoever takes anything. Raises Refused."""
    if asked:
        return asked
    header = request.headers.get("Accept", "*/*")
    if not header.strip():
        return "json"
    best = request.get_preferred_type(list(MEDIA.values()))
    if best is None:
        known = ", ".join(MEDIA.values())
        raise Refused(406, f"no format of {header[:80]!r} is known", f"Accept one of {known}")
    return next(name for name, media in MEDIA.items() if media == best)


def _limit(text: str | None) -> int | None:
    """None is all."""
    if text == ALL:
        return None
    told = str(text or LIMIT)
    if not (told.isascii() and told.isdecimal() and 1 <= int(told[:9]) <= LIMIT_MAX):
        raise BadSpec(f"limit={told[:20]} is not 1 to {LIMIT_MAX} or {ALL}")
    return int(told)
