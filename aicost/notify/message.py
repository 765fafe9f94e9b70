"""What is said, before a channel gives it its form. Kept with its send, so it is plain JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

DIGEST, ALERT, BUNDLE, TEST, NOTICE, EVENT = (
    "digest", "alert", "bundle", "test", "notice", "event",
)  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One figure: its name, the figure as it is printed, what it is measured against, and the
    address of the page that says the same ('' for who has no login)."""

    name: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class Item:
    """One line of a list: text, the amount at its right, the address behind it."""

    text: str
    amount: str = ""
    url: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    items: tuple[Item, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Message:
    """`subject` carries the answer. `why` says why one gets this. For alerts: `severity`, `status`
    (opened, updated, resolved) and `alert`, by which whoever groups messages knows them to be of
    one alert. `text` and `html` are the mail; `headers` are its own."""

    kind: str
    subject: str
    lead: str = ""
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""
    url: str = ""
    severity: str = ""
    status: str = ""
    alert: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict:
        return asdict(self)


def of_json(told: Mapping) -> Message:
    """The message that `as_json` wrote."""
    facts = tuple(Fact(**one) for one in told["facts"])
    sections = tuple(
        Section(one["title"], tuple(Item(**item) for item in one["items"]), one["note"])
        for one in told["sections"]
    )
    rest = {"facts": facts, "sections": sections, "notes": tuple(told["notes"])}
    return Message(**{**told, **rest})


def one_line(text: str, chars_max: int = 200) -> str:
    """A subject: one line of printable characters, not longer than a mail program shows."""
    told = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return told if len(told) <= chars_max else f"{told[: chars_max - 1]}…"
