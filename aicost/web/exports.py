"""What a page shows, to take away: CSV, XLSX and Parquet of one and the same table.

A panel that shows a table names it as data, beside the context of its template:

    def nodes_table(ask: Ask) -> Sheet:
        answer = ask.report("gpu", group_by=BY_NODE)
        columns = ("node", "instance_type", "line", "currency", "cost")
        return sheet_of("Nodes", answer, columns, node_rows(ask))

    Panel("nodes", "parts/gpu_nodes.html", nodes, table=nodes_table, title="Nodes")

`build` and `table` read the same function (here `node_rows`), so that page and file cannot
disagree; `Ask` answers a question once. That is all: the bar lists the table under "Export", and
/export/<page>/<panel>.<csv|xlsx|parquet>?<the page's state> serves it, under the page's own rules,
with an event in the audit trail. `sheet_of_blocks` writes down the common table of cost,
`sheet_of_answer` a report as it is. Columns are names that attribution.reports.columns knows (what
it does not know holds decimals), or `Column(name, kind)`; a quotient is made by `ratio` or
`percent`. Rows are all rows, those too that the page folds into "others", and a `line` says owned,
shared, idle, unattributed or total. Nothing is rounded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import chain

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from aicost.accounts.audit import EXPORT, record
from aicost.web.ask import Ask
from aicost.web.tables import Block, Line
from attribution.reports.formats import to_csv
from attribution.reports.sheets import (
    WRITERS,
    Column,
    Sheet,
    percent,
    sheet_of,
    sheet_of_answer,
)
from attribution.reports.spec import Answer, BadSpec

ZERO = Decimal(0)
FORMATS = {
    "csv": ("CSV", "text/csv; charset=utf-8"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}
_EVIDENCE = (
    ("measured", "measured_cost"),
    ("tagged", "tagged_cost"),
    ("by rule", "inferred_cost"),
    ("fallback", "fallback_cost"),
)


def csv_of(request: HttpRequest, ask: Ask, report: str, **changes) -> HttpResponse:
    """The answer of one report as a file to download. Raises NotAllowed like the report."""
    answer = ask.report(report, **changes)
    record(request.user, EXPORT, report, {"query": ask.view.frozen_dates().query()})
    response = HttpResponse(to_csv(answer), content_type="text/csv; charset=utf-8")
    last = ask.period.end - timedelta(days=1)
    name = f"{report}-{ask.period.start}-{last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def answer_file(
    request: HttpRequest, answer: Answer, subject: str, name: str, kind: str
) -> HttpResponseBase:
    """A report on a page without panels as a file `name`, with an event in the audit trail: as CSV
    in the form of the command, as XLSX and Parquet the same rows. Raises BadSpec like file_of."""
    if kind == "csv":
        response = HttpResponse(to_csv(answer), content_type=FORMATS["csv"][1])
        detail = {"query": request.GET.urlencode(), "format": kind, "rows": len(answer.rows)}
        record(request.user, EXPORT, subject, detail)
        response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return response
    title = subject.replace("_", " ").capitalize()
    return sent(request, sheet_of_answer(title, answer), subject, name, kind)


def sent(
    request: HttpRequest, sheet: Sheet, subject: str, name: str, kind: str
) -> StreamingHttpResponse:
    """A table of a page without panels as a file."""
    response = file_of(request, sheet, subject, "", kind, request.GET.urlencode())
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def files(address: str, query: str = "", **args) -> list[tuple[str, str]]:
    """(format, address) of the three files of a table on a page without panels."""
    made = ((name, reverse(address, kwargs=args | {"kind": kind}))
            for kind, (name, _) in FORMATS.items())  # fmt: skip
    return [(name, f"{one}?{query}" if query else one) for name, one in made]


def exports(page, query: str) -> list[dict]:
    """The menu: {title, links: [(format, address)]} for each table of a page."""
    return [
        links(page.slug, panel.slug, panel.name, query)
        for panel in page.panels
        if panel.table is not None
    ]


def links(page: str, panel: str, title: str, query: str) -> dict:
    found = []
    for kind, (name, _) in FORMATS.items():
        address = reverse("export", args=[page, panel, kind])
        found.append((name, f"{address}?{query}" if query else address))
    return {"title": title, "links": found}


def file_of(request: HttpRequest, sheet: Sheet, page: str, panel: str, kind: str, query: str
            ) -> StreamingHttpResponse:  # fmt: skip
    """The sheet as a download, with an event in the audit trail. Raises BadSpec for a format there
    is not, and for a sheet that does not fit it."""
    if kind not in FORMATS:
        raise BadSpec(f"{kind[:20]!r} is no format: take one of {', '.join(FORMATS)}")
    chunks = WRITERS[kind](sheet)
    first = next(chunks)  # what does not fit is told now, not amid a download
    response = StreamingHttpResponse(chain([first], chunks), content_type=FORMATS[kind][1])
    detail = {"query": query, "format": kind, "rows": len(sheet.rows)}
    record(request.user, EXPORT, f"{page}/{panel}".rstrip("/"), detail)
    name = f"{page}-{panel}-{sheet.first_day}-{sheet.last_day}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def sheet_of_blocks(
    title: str,
    ask: Ask,
    answer: Answer,
    found: Sequence[Block],
    group_by: Sequence[str],
    more: Sequence[Column | str] = (),
    known: Mapping[tuple[str, str], Mapping] | None = None,
) -> Sheet:
    """The table of cost: a row a line of each block and one for its total, with share, own idle,
    what was spread, the period compared with, and the cost by evidence. `more` columns are of
    names alone: (name, currency) -> what is `known` of it."""
    spread = "spread" in (ask.view.idle, ask.view.shared)
    compared = ask.view.other is not None
    columns = (
        *group_by,
        "line",
        "currency",
        "cost",
        "share_percent",
        "idle_cost",
        *(("spread",) if spread else ()),
        *(("previous", "change", "change_percent") if compared else ()),
        *(column for _, column in _EVIDENCE),
        *more,
    )
    return sheet_of(title, answer, columns, _rows_of(found, group_by, known or {}))


def _rows_of(found: Iterable[Block], group_by: Sequence[str], known: Mapping) -> Iterator[dict]:
    for block in found:
        for line in [*block.lines, block.total]:
            total = line is block.total
            names = {} if total else dict(zip(group_by, line.key[1:], strict=True))
            mine = known.get((line.key[1], block.currency), {}) if line.line == "owned" else {}
            yield {**mine, **names, **_measures(line, block, block.lines if total else [line])}


def _measures(line: Line, block: Block, lines: Sequence[Line]) -> dict:
    """`lines` are those whose evidence adds up to this line's."""
    evidence = {
        column: sum((x.by_evidence.get(name, ZERO) for x in lines), ZERO)
        for name, column in _EVIDENCE
    }
    return evidence | {
        "line": line.line,
        "currency": block.currency,
        "cost": line.cost,
        "share_percent": percent(line.cost, block.total.cost),
        "idle_cost": line.idle_cost if line.owns else None,
        "spread": line.spread,
        "previous": line.previous,
        "change": line.delta,
        "change_percent": percent(line.delta, line.previous),
    }
