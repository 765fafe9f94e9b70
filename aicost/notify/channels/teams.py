"""Microsoft Teams, by a webhook of Workflows that posts an Adaptive Card. The connectors of Office
365 ended in 2026. All text is in runs, which read no markdown in names of theirs."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from aicost.notify.channels.base import Kind, Outgoing
from aicost.notify.channels.posting import as_bytes, post
from aicost.notify.message import Message
from ingest.fetch.base import SECRET, Field

BYTES_MAX = 28_000  # what Teams takes; beyond it says nothing and shows nothing
CUT = "The message is longer than Teams takes; the rest is behind the link."
ADAPTIVE = "application/vnd.microsoft.card.adaptive"


def fitted(message: Message) -> bytes:
    """The card, without its last lines where it would be too long."""
    body = as_bytes(payload(message))
    while len(body) > BYTES_MAX:
        message = _shorter(message)
        body = as_bytes(payload(message))
    return body


def _shorter(message: Message) -> Message:
    notes = message.notes if CUT in message.notes else (*message.notes[:3], CUT)
    if message.sections:
        *kept, last = message.sections
        half = len(last.items) // 2
        cut = [replace(last, items=last.items[:half])] if half else []
        return replace(message, sections=(*kept, *cut), notes=notes)
    if message.facts:
        return replace(message, facts=message.facts[: len(message.facts) // 2], notes=notes)
    return replace(message, lead=message.lead[:2000], why=message.why[:500], notes=(CUT,))


def payload(message: Message) -> dict:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": message.subject,
        "body": _body(message),
    }
    if message.url:
        action = {"type": "Action.OpenUrl", "title": "Open in AI cost", "url": message.url}
        card["actions"] = [action]
    return {
        "type": "message",
        "attachments": [{"contentType": ADAPTIVE, "contentUrl": None, "content": card}],
    }


def _body(message: Message) -> list[dict]:
    body = [_block(_run(message.subject, size="Large", weight="Bolder"))]
    if message.lead:
        body.append(_block(_run(message.lead)))
    for fact in message.facts:
        note = [_run(f"  {fact.note}", isSubtle=True)] if fact.note else []
        value = _run(fact.value, weight="Bolder", **_behind(fact.url))
        body.append(_block(_run(f"{fact.name}: "), value, *note, spacing="Small"))
    for section in message.sections:
        body.append(_block(_run(section.title, weight="Bolder"), separator=True))
        for item in section.items:
            amount = [_run(f"  {item.amount}", weight="Bolder")] if item.amount else []
            body.append(_block(_run(item.text, **_behind(item.url)), *amount, spacing="Small"))
        if section.note:
            body.append(_block(_run(section.note, isSubtle=True), spacing="Small"))
    for note in (*message.notes, *([message.why] if message.why else [])):
        body.append(_block(_run(note, size="Small", isSubtle=True), spacing="Small"))
    return body


def _run(text: str, **more) -> dict:
    return {"type": "TextRun", "text": text} | more


def _behind(url: str) -> dict:
    return {"selectAction": {"type": "Action.OpenUrl", "url": url}} if url else {}


def _block(*runs: dict, **more) -> dict:
    return {"type": "RichTextBlock", "inlines": list(runs)} | more


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    return post(config["url"], fitted(outgoing.message), handing)


KIND = Kind(
    name="teams",
    title="Microsoft Teams",
    summary="One channel or chat, by a webhook of Workflows",
    fields=(
        Field("url", "Webhook address", SECRET, "Workflows: post to a channel when a webhook…"),
    ),
    send=send,
)
