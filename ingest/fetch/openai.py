"""OpenAI: the organization's usage and costs, by an admin key (docs/sources/openai.md)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aicost.kernel.periods import midnight, utc_now, utc_today
from ingest.fetch.base import (
    CHOICE,
    DATE,
    LINES,
    NUMBER,
    SECRET,
    Check,
    Connector,
    Fetched,
    Field,
)
from ingest.fetch.buckets import (
    Api,
    Bucket,
    Params,
    Report,
    fetch_reports,
    names,
    names_if_allowed,
    tried,
)
from ingest.fetch.http import checked_url, read_json, session

ADDRESS = "https://api.openai.com"
PROJECTS = "/v1/organization/projects"
CURES = {
    401: "Use an admin key (Settings, Organization, Admin keys): a project's key cannot read this",
    403: "Give the admin key the permission to read usage (api.usage.read)",
    404: "Check the address of the API",
    429: "OpenAI asks to wait; the next run goes on from here",
}
_CALLS = ("project_id", "user_id", "api_key_id", "model")
_COARSE = ("project_id", "model")


def _usage(endpoint: str, *groupings: tuple[str, ...]) -> Report:
    return Report("openai_usage", endpoint, f"/v1/organization/usage/{endpoint}", groupings)


USAGE = (
    _usage("completions", (*_CALLS, "batch", "service_tier"), (*_CALLS, "batch"), _COARSE),
    _usage("embeddings", _CALLS, _COARSE),
    _usage("images", _CALLS, _COARSE),
    _usage("audio_speeches", _CALLS, _COARSE),
    _usage("audio_transcriptions", _CALLS, _COARSE),
    _usage("moderations", _CALLS, _COARSE),
    _usage("vector_stores", ("project_id",)),
    _usage("code_interpreter_sessions", ("project_id",)),
)
COSTS = Report(
    "openai_costs",
    "costs",
    "/v1/organization/costs",
    (("project_id", "line_item", "api_key_id"), ("project_id", "line_item")),
)

OWNERS = (
    ("team", "a team"),
    ("feature", "a feature"),
    ("workload", "a workload"),
    ("environment", "an environment"),
    ("none", "nothing: leave it out"),
)
READS = (("both", "usage and costs"), ("costs", "costs only"), ("usage", "usage only"))


def fields(address: str, place: str, default_key_help: str) -> tuple[Field, ...]:
    """What both providers ask for; `place` is their word for a part of the organization."""
    return (
        Field("key", "Admin key", SECRET, default_key_help),
        Field("start", "From", DATE, "the first day to read; costs are read from its month on"),
        Field("reads", "Read", CHOICE, required=False, default="both", choices=READS),
        Field(
            "place_is",
            f"A {place} is",
            CHOICE,
            f"what the name of a {place} becomes in reports; aliases can rename it",
            required=False,
            default="team",
            choices=OWNERS,
        ),
        Field(
            "poll_days",
            "Days asked again",
            NUMBER,
            "recent days still change; so many are read again each time",
            required=False,
            default=7,
        ),
        Field("base_url", "Address", help="of the API", required=False, default=address),
    )


FIELDS = (
    *fields(ADDRESS, "project", "sk-admin-…, with the permission api.usage.read"),
    Field(
        "organization",
        "Organization",
        help="org-…, names the billing account; needed when you connect several",
        required=False,
        default="default",
    ),
    Field(
        "projects",
        "Only these projects",
        LINES,
        "proj_…, one a line; empty reads all",
        required=False,
        default=[],
    ),
)


def _api(config: Mapping) -> Api:
    made = session({"Authorization": f"Bearer {config['key']}"})
    projects = [("project_ids[]", project) for project in config.get("projects") or []]

    def asks(report: Report, start: datetime, end: datetime) -> Params:
        is_costs = report is COSTS
        told = [
            ("start_time", str(int(start.timestamp()))),
            ("bucket_width", "1d" if is_costs else "1h"),
            ("limit", "31" if is_costs else "168"),
            *projects,
        ]
        # Without an end the report goes up to now.
        return told + ([("end_time", str(int(end.timestamp())))] if end <= utc_now() else [])

    return Api(made, checked_url(config["base_url"] or ADDRESS), CURES, asks, _start_of)


def _start_of(bucket: Bucket) -> datetime:
    return datetime.fromtimestamp(int(str(bucket["start_time"])), UTC)


def check(config: Mapping) -> Iterator[Check]:
    """Try what the source is to read."""
    api, yesterday = _api(config), utc_today() - timedelta(days=1)
    for report in _reports(config):
        params = api.asks(report, midnight(yesterday), midnight(utc_today()))
        what = f"{report.endpoint} can be read"
        url = f"{api.base}{report.path}"
        yield tried(
            what,
            lambda url=url, params=params: read_json(
                api.session, "GET", url, params=params, cures=CURES
            ),
        )
    named = tried("project names can be read", lambda: names(api, PROJECTS, "after"))
    if named.ok:
        yield named
    else:
        yield Check(True, "project names cannot be read with this key: their ids stand for them")


def _reports(config: Mapping) -> tuple[Report, ...]:
    """One of usage and one of costs, as far as they are read: the same permission serves all."""
    reads = config.get("reads") or "both"
    return (*(USAGE[:1] if reads != "costs" else ()), *((COSTS,) if reads != "usage" else ()))


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    api = _api(config)
    projects = names_if_allowed(api, PROJECTS, "after")

    def envelope(report: Report, bucket: Bucket) -> Mapping[str, object]:
        used = {str(one.get("project_id") or "") for one in bucket.get("results") or []}
        return {
            "report": report.reader,
            "endpoint": report.endpoint,
            "organization": config.get("organization") or "default",
            "place_is": config.get("place_is") or "team",
            "places": {key: projects[key] for key in sorted(used & projects.keys())},
        }

    yield from fetch_reports(api, USAGE, COSTS, config, state, folder, envelope)


CONNECTOR = Connector(
    name="openai",
    title="OpenAI",
    summary="Usage and costs of an OpenAI organization, from its administration API",
    kind="bill",
    fields=FIELDS,
    test=check,
    fetch=fetch,
    every_minutes=60,
)
