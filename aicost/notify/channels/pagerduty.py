"""PagerDuty, by Events API v2. It knows an alert by its `dedup_key`: what comes twice is one
incident, and a resolved alert ends it."""

from collections.abc import Callable, Mapping

from aicost.kernel.periods import utc_text
from aicost.notify.channels.base import Kind, Outgoing
from aicost.notify.channels.posting import as_bytes, post
from aicost.notify.message import TEST
from ingest.fetch.base import SECRET, Field

ADDRESS = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_CHARS_MAX = 1024
# Our severities in its words; it has no others.
SEVERITIES = {"critical": "critical", "major": "error", "minor": "warning"}


def payload(outgoing: Outgoing, routing_key: str) -> dict:
    told = outgoing.message
    key = told.alert or outgoing.id
    if told.status == "resolved":
        return {"routing_key": routing_key, "event_action": "resolve", "dedup_key": key}
    severity = "info" if told.kind == TEST else SEVERITIES.get(told.severity, "warning")
    made = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": key,
        "client": "AI cost",
        "payload": {
            "summary": told.subject[:SUMMARY_CHARS_MAX],
            "source": "aicost",
            "severity": severity,
            "timestamp": utc_text(outgoing.queued_at),
            "class": told.kind,
            "custom_details": {
                "lead": told.lead,
                **{one.name: f"{one.value} {one.note}".strip() for one in told.facts},
                "why": told.why,
            },
        },
    }
    if told.url:
        made |= {"client_url": told.url, "links": [{"href": told.url, "text": "The alert"}]}
    return made


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    body = as_bytes(payload(outgoing, config["routing_key"]))
    return post(config.get("url") or ADDRESS, body, handing)


KIND = Kind(
    name="pagerduty",
    title="PagerDuty",
    summary="Incidents of one service: opened, and ended when the alert is resolved",
    fields=(
        Field("routing_key", "Integration key", SECRET, "Of an integration Events API V2"),
        Field(
            "url",
            "Address",
            help="In Europe https://events.eu.pagerduty.com/v2/enqueue",
            default=ADDRESS,
        ),
    ),
    send=send,
    repeats_safely=True,
    bundles=False,
    digests=False,
)
