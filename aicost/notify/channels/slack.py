"""Slack, by an incoming webhook. Names of theirs go in as text: what Slack would read as a link or
a mention is written out."""

from collections.abc import Callable, Iterator, Mapping

from aicost.notify.channels.base import Kind, Outgoing
from aicost.notify.channels.posting import as_bytes, post
from aicost.notify.message import Item, Message, one_line
from ingest.fetch.base import SECRET, Field

TEXT_CHARS_MAX, FIELD_CHARS_MAX, HEADER_CHARS_MAX = 3000, 2000, 150
FIELDS_MAX, BLOCKS_MAX = 10, 50


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def linked(text: str, url: str) -> str:
    return f"<{url}|{escaped(text)}>" if url else escaped(text)


def payload(message: Message) -> dict:
    """`text` is what a notification shows, and all there is where blocks cannot be drawn."""
    blocks = [*_blocks(message)][:BLOCKS_MAX]
    return {"text": escaped(message.subject), "blocks": blocks, "unfurl_links": False}


def _blocks(message: Message) -> Iterator[dict]:
    title = one_line(message.subject, HEADER_CHARS_MAX)
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    if message.lead:
        yield _text(escaped(message.lead))
    for at in range(0, len(message.facts), FIELDS_MAX):
        facts = message.facts[at : at + FIELDS_MAX]
        yield {
            "type": "section",
            "fields": [
                _mrkdwn(
                    f"{escaped(one.name)}\n{linked(one.value, one.url)}"
                    + (f"\n{escaped(one.note)}" if one.note else "")
                )
                for one in facts
            ],
        }
    for section in message.sections:
        lines = [f"*{escaped(section.title)}*", *(_line(item) for item in section.items)]
        lines += [escaped(section.note)] if section.note else []
        yield _text("\n".join(lines))
    notes = [*message.notes, *([message.why] if message.why else [])]
    if message.url:
        yield _text(linked("Open in AI cost", message.url))
    if notes:
        yield {"type": "context", "elements": [_mrkdwn(escaped(one)) for one in notes][:10]}


def _line(item: Item) -> str:
    amount = f" {escaped(item.amount)}" if item.amount else ""
    return f"• {linked(item.text, item.url)}{amount}"


def _mrkdwn(text: str, chars_max: int = FIELD_CHARS_MAX) -> dict:
    return {"type": "mrkdwn", "text": text[:chars_max], "verbatim": True}


def _text(text: str) -> dict:
    return {"type": "section", "text": _mrkdwn(text, TEXT_CHARS_MAX)}


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    return post(config["url"], as_bytes(payload(outgoing.message)), handing)


KIND = Kind(
    name="slack",
    title="Slack",
    summary="One channel, by an incoming webhook of a Slack app",
    fields=(Field("url", "Webhook address", SECRET, "https://hooks.slack.com/services/…"),),
    send=send,
)
