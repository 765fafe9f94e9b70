"""Sources: what is connected, how it went, and the form that connects one more."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from aicost.accounts.audit import SOURCE_PAUSED, SOURCE_RUN, SOURCE_SAVED, record
from aicost.accounts.scope import may_connect, may_see_sources
from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from aicost.kernel.periods import utc_now
from aicost.web.exports import files, sent
from aicost.web.guide import guide
from aicost.web.lists import in_order_of
from aicost.web.shell import for_people, frame, refuse, sentence
from aicost.web.sorting import Sorting
from attribution.reports.columns import TEXT, TIME
from attribution.reports.sheets import Column, listed
from ingest.connect import FROM_ENVIRONMENT, BadSettings, check_source, check_values, configure
from ingest.fetch.base import FLAG, LINES, SECRET, Check, Connector
from ingest.fetch.connectors import CONNECTORS, connector_of
from ingest.models import Delivery, Source, SourceRun
from ingest.sealed import CannotUnseal, unseal

RUNS_SHOWN = 20
COLUMNS = ("source", "kind", Column("connector", TEXT), "state", "started_at",
           Column("next_run_at", TIME), "rows", "message", "reader", "loaded_at")  # fmt: skip
CONNECTED = Sorting(
    {"state": "state", "name": "source.name", "from": "connector", "run": "run.started_at",
     "next": "source.next_run_at", "rows": "run.rows"},
    words=("state", "name", "from", "next"),
)  # fmt: skip
BY_HAND = Sorting(
    {"name": "source.name", "kind": "source.kind", "reader": "loaded.reader",
     "loaded": "loaded.loaded_at", "state": "loaded.state"},
    words=("name", "kind", "reader", "state"),
    table="given",
)  # fmt: skip
KINDS = (
    ("bill", "Bills", "What was charged: clouds, model APIs, owned hardware"),
    ("telemetry", "Telemetry", "What the machines did"),
    ("usage", "Calls", "Who called which model, for what"),
    ("run", "Experiments", "Training runs and what they were for"),
    ("business", "Business figures", "Revenue, outcomes, quality"),
    ("storage", "Storage", "What lies where, and how old it is"),
    ("map", "Rates and maps", "What joins the others"),
)
MARKS = {
    SourceRun.DONE: "on-time",
    SourceRun.HELD: "look",
    SourceRun.FAILED: "late",
    SourceRun.RUNNING: "waiting",
    "paused": "waiting",
    "": "waiting",
}


def for_connecting(view: Callable) -> Callable:
    """Only for those who may decide where credentials are sent."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not may_connect(request.user):
            return refuse(request, "sources")
        return view(request, *args, **kwargs)

    return checked


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every source, connected or fed by hand, with its last run or delivery."""
    if not may_see_sources(request.user):
        return refuse(request, "sources")
    rows = _rows()
    connected = [row for row in rows if row["source"].connector]
    by_hand = [row for row in rows if not row["source"].connector and row["loaded"]]
    context = frame(request, "sources") | {
        "title": "Sources",
        "connected": in_order_of(request, CONNECTED, connected),
        "by_hand": in_order_of(request, BY_HAND, by_hand),
        "may_connect": may_connect(request.user),
        "files": files("sources_file"),
    }
    return render(request, "pages/sources.html", context)


@for_people
def taken(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Both tables of the list as one file."""
    if not may_see_sources(request.user):
        return refuse(request, f"sources.{kind}")
    rows = [_data(row) for row in _rows() if row["source"].connector or row["loaded"]]
    return sent(request, listed("Sources", COLUMNS, rows), "sources", "sources", kind)


def _data(row: dict) -> dict:
    source, run, loaded = row["source"], row["run"], row["loaded"]
    return {
        "source": source.name,
        "kind": source.kind,
        "connector": row["connector"],
        "state": row["state"] if source.connector else loaded.state,
        "started_at": run.started_at if run else None,
        "next_run_at": source.next_run_at,
        "rows": run.rows if run else None,
        "message": run.message if run else "",
        "reader": loaded.reader if loaded else "",
        "loaded_at": loaded.loaded_at if loaded else None,
    }


def _rows() -> list[dict]:
    runs, loads = (
        {one.source_id: one for one in rows.order_by("source_id", "-pk").distinct("source_id")}
        for rows in (SourceRun.objects, Delivery.objects)
    )
    return [
        _row(source, runs.get(source.pk), loads.get(source.pk))
        for source in Source.objects.order_by("name")
    ]


def _row(source: Source, run: SourceRun | None, last: Delivery | None) -> dict:
    state = "paused" if source.connector and not source.enabled else run.state if run else ""
    sent = any(one.sent_to for one in CONNECTORS if one.name == source.connector)
    return {
        "source": source,
        "connector": _title(source),
        "run": run,
        "state": state or ("sent to us" if sent else "not run yet"),
        "sent": sent,
        "mark": MARKS[state],
        "is_due": not sent and bool(source.next_run_at and source.next_run_at <= utc_now()),
        "loaded": last,
        "mappings": len(source.settings.get("mappings", [])),
    }


def _title(source: Source) -> str:
    known = {connector.name: connector.title for connector in CONNECTORS}
    return known.get(source.connector, source.connector)


@for_connecting
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What can be connected, by kind."""
    groups = [
        {"title": title, "words": words, "connectors": found}
        for kind, title, words in KINDS
        if (found := [connector for connector in CONNECTORS if connector.kind == kind])
    ]
    context = frame(request, "sources") | {"title": "Connect a source", "groups": groups}
    return render(request, "pages/source_choose.html", context)


@for_connecting
def add(request: HttpRequest, connector_name: str) -> HttpResponse:
    try:
        connector = connector_of(connector_name)
    except ValueError as error:
        return sentence(request, 404, "Nothing to connect by that name", f"{error}.")
    return _form(request, connector, None)


@for_connecting
def edit(request: HttpRequest, source_id: int) -> HttpResponse:
    source = _connected(source_id)
    return _form(request, connector_of(source.connector), source)


def _form(request: HttpRequest, connector: Connector, source: Source | None) -> HttpResponse:
    if request.method != "POST":
        return _show_form(request, connector, source, {}, {})
    values = _values(request, connector)
    name = request.POST.get("name", "").strip()
    try:
        every = int(request.POST.get("every_minutes") or connector.every_minutes)
        if not 5 <= every <= 7 * 24 * 60:
            raise ValueError
    except ValueError:
        errors = {"every_minutes": "a number of minutes from 5 to 10080 (a week)"}
        return _show_form(request, connector, source, values, errors)
    try:
        saved = configure(name, connector.name, values, source=source, every_minutes=every)
    except BadSettings as error:
        return _show_form(request, connector, source, values, error.errors)
    detail = {"connector": connector.name, "settings": sorted(values)}
    record(request.user, SOURCE_SAVED, saved.name, detail)
    return redirect(f"{reverse('source', args=[saved.pk])}?tested=1")


def _values(request: HttpRequest, connector: Connector) -> dict[str, object]:
    flags = {field.name for field in connector.fields if field.kind == FLAG}
    given = {field.name: request.POST.get(field.name, "") for field in connector.fields}
    return {name: value or ("false" if name in flags else "") for name, value in given.items()}


def _show_form(
    request: HttpRequest, connector: Connector, source: Source | None, values: dict, errors: dict
) -> HttpResponse:
    stored = set(_stored(source))
    fields = [_field(field, source, values, errors, stored) for field in connector.fields]
    context = frame(request, "sources") | {
        "title": f"Edit {source.name}" if source else f"Connect {connector.title}",
        "connector": connector,
        "source": source,
        "fields": fields,
        "name": request.POST.get("name") or (source.name if source else connector.name),
        "every": request.POST.get("every_minutes")
        or (source.every_minutes if source else connector.every_minutes),
        "errors": errors,
        "guide": guide(connector.name),
    }
    status = 400 if errors else 200
    return render(request, "pages/source_form.html", context, status=status)


def _field(field, source, values: dict, errors: dict, stored: set[str]) -> dict:
    value = values.get(field.name)
    if value is None:
        value = source.settings.get(field.name, field.default) if source else field.default
    if field.kind == LINES and not isinstance(value, str):
        value = "\n".join(value or [])
    if field.kind == SECRET:
        value = ""  # written only: never sent back
    return {
        "field": field,
        "value": value,
        "checked": value in (True, "on", "true"),
        "error": errors.get(field.name, ""),
        "stored": field.name in stored,
    }


def _stored(source: Source | None) -> dict[str, str]:
    if source is None:
        return {}
    try:
        return unseal(source.sealed)
    except CannotUnseal:  # then the form asks for them again
        return {}


@for_connecting
@require_POST
def test_form(request: HttpRequest, connector_name: str) -> HttpResponse:
    """Test connection with what the form holds, before anything is saved."""
    connector = connector_of(connector_name)
    given = request.POST.get("source", "")
    source = _connected(int(given)) if given.isdecimal() else None
    try:
        checks = check_values(connector.name, _values(request, connector), source)
    except BadSettings as error:
        labels = {field.name: field.label for field in connector.fields}
        checks = [Check(False, _named(labels.get(k, k), v)) for k, v in error.errors.items()]
    return render(request, "parts/source_checks.html", {"checks": checks})


def _named(label: str, wrong: str) -> str:
    return wrong if wrong.startswith(label) else f"{label}: {wrong}"


@for_connecting
@require_POST
def test(request: HttpRequest, source_id: int) -> HttpResponse:
    checks = check_source(_connected(source_id))
    return render(request, "parts/source_checks.html", {"checks": checks})


@login_required
@require_safe
def detail(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source: its settings, its runs, what it brought."""
    if not may_see_sources(request.user):
        return refuse(request, "sources")
    source = get_object_or_404(Source, pk=source_id)
    connector = connector_of(source.connector) if source.connector else None
    waiting = Job.objects.filter(
        kind="ingest.source", key=f"source-{source.pk}", state__in=(Job.NEW, Job.RUNNING)
    ).exists()
    context = frame(request, "sources") | {
        "title": source.name,
        "source": source,
        "connector": connector,
        "settings": _shown_settings(source, connector) if connector else [],
        "runs": [
            {"run": run, "mark": MARKS[run.state], "facts": _facts(run)}
            for run in source.runs.order_by("-pk")[:RUNS_SHOWN]
        ],
        "waiting": waiting,
        "deliveries": source.delivery_set.order_by("-pk")[:RUNS_SHOWN],
        "mapping": (source.settings.get("mappings") or [None])[-1],
        "held": Delivery.HELD,
        "sent_to": _sent_to(request, source, connector),
        "may_connect": may_connect(request.user),
        "tested": "tested" in request.GET,
    }
    part = "parts/source_runs.html" if request.htmx else "pages/source.html"
    return render(request, part, context)


def _sent_to(request: HttpRequest, source: Source, connector: Connector | None) -> str:
    """The address the other side sends to, whole; '' for what we fetch."""
    if connector is None or not connector.sent_to:
        return ""
    return request.build_absolute_uri(connector.sent_to + quote(source.name))


def _facts(run: SourceRun) -> list[str]:
    lines = []
    for one in run.facts[-5:]:
        told = ", ".join(f"{name} {value}" for name, value in one.items() if name != "set")
        lines.append(f"{one.get('set', '')}: {told}" if told else str(one.get("set", "")))
    return lines


def _shown_settings(source: Source, connector: Connector) -> list[tuple[str, str]]:
    stored = _stored(source)
    shown = []
    for field in connector.fields:
        told = stored.get(field.name, source.settings.get(field.name, field.default))
        value = ", ".join(told) if isinstance(told, list | tuple) else str(told)
        if field.kind == FLAG:
            value = "yes" if told else "no"
        value = dict(field.choices).get(value, value)
        if value.startswith(FROM_ENVIRONMENT):
            value = f"from the environment variable {value.removeprefix(FROM_ENVIRONMENT)}"
        elif field.kind == SECRET:
            value = "stored, encrypted" if field.name in stored else "not set"
        shown.append((field.label, value))
    return shown


@for_connecting
@require_POST
def run(request: HttpRequest, source_id: int) -> HttpResponse:
    """Fetch now, by a worker."""
    source = _connected(source_id)
    enqueue("ingest.source", {"source": source.pk}, key=f"source-{source.pk}")
    record(request.user, SOURCE_RUN, source.name)
    return redirect("source", source.pk)


@for_connecting
@require_POST
def pause(request: HttpRequest, source_id: int) -> HttpResponse:
    """Stop or resume regular fetching."""
    source = _connected(source_id)
    source.enabled = not source.enabled
    source.save(update_fields=["enabled"])
    record(request.user, SOURCE_PAUSED, source.name, {"enabled": source.enabled})
    return redirect("source", source.pk)


def _connected(source_id: int) -> Source:
    return get_object_or_404(Source.objects.exclude(connector=""), pk=source_id)
