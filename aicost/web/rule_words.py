"""Rules in words: which series they claim, what they do with them, and what they are about."""

from collections.abc import Mapping, Sequence

from aicost.web import numbers
from aicost.web.filters import label
from aicost.web.tables import DESCRIBED
from attribution.rules import RULES
from attribution.ruling import words
from attribution.ruling.fields import NoField, field_of

METHODS = {
    "direct": "places the whole charge",
    "gpu_time": "splits by GPU time",
    "pods": "splits by CPU and memory of pods",
    "tokens": "splits by tokens",
    "requests": "splits by requests",
    "provisioned": "splits by the tokens that were served",
    "storage": "splits by bytes under each prefix",
    "follow": "places it where the resource's other charges stand",
    "refund": "places it where the charges stand that it gives back",
    "shared": "puts the whole charge on a pool",
    "unattributed": "leaves it unattributed",
}
THEN = {"nothing": "", "requests": "then by calls of the model", "tokens": "then by its tokens"}


def field_name(name: str) -> str:
    """What a field is called in a sentence; one that is unknown keeps its own name."""
    try:
        return field_of(name).label
    except NoField:
        return name


def conditions(found: Sequence[Mapping]) -> str:
    return "; ".join(map(words.condition, found)) or "whatever no rule before it claims"


def titles() -> dict[str, str]:
    """What each method is called, as words within a sentence."""
    return {one.method_id: f"{one.title[:1].lower()}{one.title[1:]}" for one in RULES}


def assigned(assigns: Mapping[str, str]) -> list[str]:
    """`team data-eng`, `feature by tag app`."""
    return [f"{label(name).lower()} {_source(text)}" for name, text in assigns.items()]


def _source(text: str) -> str:
    kind, colon, name = text.partition(":")
    if colon and kind == "tag":
        return f"by tag {name}"
    if colon and kind == "field":
        return f"by {field_name(name)}"
    if colon and kind == "capture":
        return f"by what {name} captures"
    return text


def method(rule: object) -> str:
    """What the rule does with a charge, as the end of a sentence that begins with the rule."""
    told = METHODS.get(rule.method) or f"splits by {titles().get(rule.method, rule.method)}"
    if rule.method == "shared":
        state = DESCRIBED.get(rule.fallback.get("state", ""), rule.fallback.get("state", ""))
        kind = rule.fallback.get("kind", "shared")
        told = f"puts the whole charge on {kind}, {state.lower()}"
    if rule.assigns:
        told += f" on {', '.join(assigned(rule.assigns))}"
    elif rule.method == "direct":
        told += " where its tags say"
    after = THEN.get(rule.then, rule.then)
    return f"{told}, {after}" if after else told


def scope(rule: object) -> str:
    """Sources and days it is about; '' for all."""
    parts = []
    if rule.sources:
        parts.append(f"only {', '.join(rule.sources)}")
    if rule.valid_from:
        parts.append(f"from {numbers.day_year(rule.valid_from)}")
    if rule.valid_to:
        parts.append(f"until {numbers.day_year(rule.valid_to)}, not included")
    return ", ".join(parts)
