"""A rule as somebody is writing it: not saved, perhaps not valid."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from attribution.models import AllocationRule

LAST = "unclaimed"  # the rule that claims what no other does; it stays as it is
OWN_POSITION = 650


class RuleRefused(ValueError):
    """A rule that cannot be saved: which `part` (such as `conditions.0.value`), what is wrong
    (`message`) and what to do (`cure`)."""

    def __init__(self, part: str, message: str, cure: str = "") -> None:
        super().__init__(f"{part}: {message}. {cure}".strip())
        self.part, self.message, self.cure = part, message, cure


@dataclass(frozen=True)
class Draft:
    """All that a person decides of a rule. `base` is the version it was made from, 0 for a new
    rule; a draft of an older version than the newest is refused. `sources` empty: all."""

    key: str
    title: str
    method: str = "direct"
    conditions: tuple[Mapping, ...] = ()
    assigns: Mapping[str, str] = field(default_factory=dict)
    then: str = "nothing"
    fallback: Mapping[str, str] = field(default_factory=dict)
    position: int = OWN_POSITION
    sources: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    enabled: bool = True
    note: str = ""
    base: int = 0

    @classmethod
    def of(cls, rule: AllocationRule) -> "Draft":
        """The draft that changes nothing of a rule version."""
        told = {name: getattr(rule, name) for name in (*TOLD, "note")}
        told["conditions"], told["sources"] = tuple(rule.conditions), tuple(rule.sources)
        return cls(key=rule.key, base=rule.version, **told)

    def columns(self) -> dict:
        """The columns of an AllocationRule that a draft tells."""
        told = {name: getattr(self, name) for name in TOLD}
        for name in ("conditions", "sources"):
            told[name] = list(told[name])
        for name in ("assigns", "fallback", "options"):
            told[name] = dict(told[name])
        return told

    def but(self, **changes) -> "Draft":
        return replace(self, **changes)

    def says_the_same(self, other: "Draft") -> bool:
        """Whether both decide alike; why and since which version is no part of it."""
        return self.key == other.key and self.columns() == other.columns()


# What a draft tells, in the order in which people read a rule.
TOLD = (
    "title",
    "enabled",
    "position",
    "sources",
    "conditions",
    "method",
    "assigns",
    "then",
    "fallback",
    "options",
    "valid_from",
    "valid_to",
)
