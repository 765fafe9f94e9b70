"""Anthropic: the organization's usage and cost reports, by an admin key
(docs/sources/anthropic.md)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from aicost.kernel.periods import as_utc, midnight, utc_now, utc_today
from ingest.fetch.base import Check, Connector, Fetched, FetchError
from ingest.fetch.buckets import (
    Api,
    Bucket,
    Params,
    Report,
    fetch_reports,
    names_if_allowed,
    tried,
)
from ingest.fetch.http import checked_url, read_json, session
from ingest.fetch.openai import fields

ADDRESS = "https://api.anthropic.com"
VERSION = "2023-06-01"
CURES = {
    401: "Use an admin key (sk-ant-admin…, Console, Settings, Admin keys); an ordinary API key"
    " cannot read this",
    403: "Have an admin of the organization make the admin key; individual accounts have none",
    404: "Check the address of the API",
    429: "Anthropic asks to wait; the next run goes on from here",
}
_CALLS = ("workspace_id", "api_key_id", "model", "service_tier", "context_window")

USAGE = (
    Report(
        "anthropic_usage",
        "messages",
        "/v1/organizations/usage_report/messages",
        (
            (*_CALLS, "inference_geo", "account_id", "service_account_id"),
            (*_CALLS, "inference_geo"),
            _CALLS,
        ),
    ),
)
COSTS = Report(
    "anthropic_costs",
    "costs",
    "/v1/organizations/cost_report",
    (("workspace_id", "description"),),
)

FIELDS = fields(ADDRESS, "workspace", "sk-ant-admin…, made by an admin of the organization")


def _api(config: Mapping) -> Api:
    made = session({"x-api-key": str(config["key"]), "anthropic-version": VERSION})

    def asks(report: Report, start: datetime, end: datetime) -> Params:
        is_usage = report in USAGE
        told = [
            ("starting_at", _iso(start)),
            ("bucket_width", "1h" if is_usage else "1d"),
            ("limit", "168" if is_usage else "31"),
        ]
        # Buckets that end before `ending_at` are told: one more than is wanted, passed over later.
        end += timedelta(hours=1) if is_usage else timedelta(days=1)
        return told + ([("ending_at", _iso(end))] if end <= utc_now() else [])

    return Api(made, checked_url(config["base_url"] or ADDRESS), CURES, asks, _start_of)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _start_of(bucket: Bucket) -> datetime:
    return as_utc(datetime.fromisoformat(str(bucket["starting_at"])))


def _organization(api: Api) -> str:
    """The id of the organization the key belongs to."""
    url = f"{api.base}/v1/organizations/me"
    answer = read_json(api.session, "GET", url, cures=CURES)
    if not isinstance(answer, dict) or not answer.get("id"):
        raise FetchError(f"{url} names no organization", "Check the address of the API")
    return str(answer["id"])


def check(config: Mapping) -> Iterator[Check]:
    """Try what the source is to read."""
    api, yesterday = _api(config), utc_today() - timedelta(days=1)
    yield tried("the key belongs to an organization", lambda: _organization(api))
    start = midnight(yesterday)
    reads = config.get("reads") or "both"
    for report in (*USAGE, COSTS):
        if reads == ("usage" if report is COSTS else "costs"):
            continue
        params = api.asks(report, start, start + timedelta(days=1))
        url = f"{api.base}{report.path}"
        yield tried(
            f"{report.endpoint} can be read",
            lambda url=url, params=params: read_json(
                api.session, "GET", url, params=params, cures=CURES
            ),
        )


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    api = _api(config)
    organization = _organization(api)
    workspaces = names_if_allowed(api, "/v1/organizations/workspaces", "after_id")
    keys = names_if_allowed(api, "/v1/organizations/api_keys", "after_id")

    def envelope(report: Report, bucket: Bucket) -> Mapping[str, object]:
        results = bucket.get("results") or []
        used = {str(one.get("workspace_id") or "") for one in results}
        used_keys = {str(one.get("api_key_id") or "") for one in results}
        return {
            "report": report.reader,
            "endpoint": report.endpoint,
            "organization": organization,
            "place_is": config.get("place_is") or "team",
            "places": {key: workspaces[key] for key in sorted(used & workspaces.keys())},
            "keys": {key: keys[key] for key in sorted(used_keys & keys.keys())},
        }

    yield from fetch_reports(api, USAGE, COSTS, config, state, folder, envelope)


CONNECTOR = Connector(
    name="anthropic",
    title="Anthropic",
    summary="Usage and cost reports of a Claude organization, from its admin API",
    kind="bill",
    fields=FIELDS,
    test=check,
    fetch=fetch,
    every_minutes=60,
)
