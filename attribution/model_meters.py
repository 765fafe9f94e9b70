"""Which model, which kind of tokens and how many a unit is: what the meter of a model API says.

The grammars are rows of ai_meters.csv, the names of models rows of model_names.csv; a meter that no
row knows is read by the words in it.
"""

from dataclasses import dataclass
from functools import cache
import re

from attribution.vocabulary import BadVocabulary, own, pattern, rows

_TOKEN_UNIT = re.compile(r"^\s*(\d+(?:\.\d+)?)?\s*([km]|thousand|million)?\s*-?_?tokens?\s*$", re.I)
_TOKEN_SCALE = {"": 1, "k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}
# class -> how its units are written, and what one of them holds
_UNITS = (
    ("images", re.compile(r"^\s*(\d+)?\s*([km]|thousand|million)?\s*-?images?\b", re.I), 1),
    ("characters", re.compile(r"^\s*(\d+)?\s*([km])?\s*-?(?:characters?|chars?)\b", re.I), 1),
    ("audio_ms", re.compile(r"^\s*(\d+)?()\s*(?:s|secs?|seconds?)\s*$", re.I), 1_000),
    ("audio_ms", re.compile(r"^\s*(\d+)?()\s*(?:min|minutes?)\s*$", re.I), 60_000),
    ("audio_ms", re.compile(r"^\s*(\d+)?()\s*(?:h|hrs?|hours?)\s*$", re.I), 3_600_000),
)
_AUDIO = re.compile(r"audio|speech|whisper|transcri|\btts\b", re.I)
_GENERATIVE = ("generative ai", "bedrock", "openai", "anthropic", "foundry models", "gemini")
_METER_NOISE = re.compile(
    r"\b(input|output|inp|outp|opt|prompt|completion|generated|cached?|cache|read|write|creation|"
    r"reasoning|tokens?|1h|5m|units?|count|standard|batch|global|per|1k|1m|images?|characters?|"
    r"seconds?|minutes?)\b",
    re.I,
)
_REGION_PREFIX = re.compile(r"^[A-Z]{2,4}\d?-")
_EDITION = re.compile(r"\s*\(Amazon Bedrock Edition\)\s*", re.I)
UNIT_CLASSES = ("images", "audio_ms", "characters")
_NO_CLASS, _CAPACITY = "none", "provisioned"
# What is read of a series' extras.
NAMING_EXTRAS = ("ModelId", "ModelName", "x_model")
READ_EXTRAS = (*NAMING_EXTRAS, "TokenType")


@dataclass(frozen=True)
class Meter:
    """`model` is '' when the series is no model API, or does not say which model; `provisioned` is
    a meter of capacity by the hour, used or not."""

    model: str = ""
    token_class: str = ""
    tokens_per_unit: int | None = None
    provisioned: bool = False


@dataclass(frozen=True)
class _Grammar:
    provider: str
    service: re.Pattern
    meter: re.Pattern
    model_from: str
    token_class: str
    tokens_per_unit: int | None


def meter_of(series: dict) -> Meter:
    """What a series of a model API says of its model. `extras` is a dict."""
    unit = series["consumed_unit"] or series["pricing_unit"]
    per_unit = tokens_per_unit(unit)
    if series["charge_category"] != "Usage":
        return Meter(tokens_per_unit=per_unit)
    told = " ".join((series["service_name"], series["service_code"]))
    for grammar in _grammars(own("ai_meters.csv")):
        if grammar.provider not in series["provider"].lower() or not grammar.service.search(told):
            continue
        if found := grammar.meter.search(series["sku_meter"]):
            name = _name(grammar, found, series)
            token_class = grammar.token_class or _token_class(series)
            if token_class in UNIT_CLASSES:
                per_unit = units_per_unit(token_class, unit)
            return Meter(
                canonical(name, grammar.provider),
                "" if token_class in (_NO_CLASS, _CAPACITY) else token_class,
                per_unit or grammar.tokens_per_unit,
                grammar.token_class == _CAPACITY,
            )
    return _by_words(series, f"{series['service_subcategory']} {told}".lower(), per_unit)


def tokens_per_unit(unit: str) -> int | None:
    """How many tokens one unit of the quantity is; None when the unit is not tokens."""
    found = _TOKEN_UNIT.match(unit)
    if not found:
        return None
    number = float(found.group(1) or 1)  # a count of tokens in a unit's name, not an amount
    return int(number * _TOKEN_SCALE[(found.group(2) or "").lower()])


def units_per_unit(unit_class: str, unit: str) -> int | None:
    """How many images, characters or milliseconds of audio one unit of the quantity is."""
    for name, known, scale in _UNITS:
        if name == unit_class and (found := known.match(unit)):
            return int(found[1] or 1) * _TOKEN_SCALE[(found[2] or "").lower()] * scale
    return None


def canonical(name: str, provider: str) -> str:
    """The name of a model as its calls have it; one that no row knows stays as it is."""
    for of, known, model in _names(own("model_names.csv")):
        if of in provider and (found := known.search(name)):
            return found.expand(model).lower()
    return name


def _name(grammar: _Grammar, found: re.Match, series: dict) -> str:
    if grammar.model_from == "meter":
        return found["model"]
    if grammar.model_from == _NO_CLASS:
        return ""
    if grammar.model_from == "service":
        name = _EDITION.sub("", series["service_name"])
        return "" if name in ("", series["service_code"]) else name
    return grammar.model_from


def _by_words(series: dict, words: str, per_unit: int | None) -> Meter:
    extras = series["extras"]
    if per_unit is None and not any(word in words for word in _GENERATIVE):
        return Meter()
    meter = series["sku_meter"] or series["charge_description"]
    token_class = _token_class(series)
    if per_unit is None:
        unit = series["consumed_unit"] or series["pricing_unit"]
        for name in UNIT_CLASSES:
            count = units_per_unit(name, unit)
            if count and (name != "audio_ms" or _AUDIO.search(meter)):
                token_class, per_unit = name, count
    named = next(filter(None, map(extras.get, NAMING_EXTRAS)), "")
    if not named and (per_unit is not None or token_class):
        named = _METER_NOISE.sub(" ", _REGION_PREFIX.sub("", meter))
        named = re.sub(r"[\s_]+", " ", named).strip(" -_:,").replace(" ", "-")
        named = re.sub(r"-{2,}", "-", named)
    return Meter(named, token_class, per_unit)


def _token_class(series: dict) -> str:
    texts = (
        series["sku_meter"] or series["charge_description"],
        series["extras"].get("TokenType") or "",
    )
    for name, known in _token_patterns(own("token_classes.csv")):
        if any(known.search(text) for text in texts):
            return name
    return ""


@cache
def _grammars(own_text: str) -> tuple[_Grammar, ...]:
    name, found = "ai_meters.csv", []
    for row in rows(name, own_text):
        if row["model"] == "meter" and "(?P<model>" not in row["meter"]:
            cure = "Write (?P<model>…) around it in the meter"
            raise BadVocabulary(f"data/{name}: {row['grammar']!r} does not say the model. {cure}")
        if row["tokens_per_unit"] and not row["tokens_per_unit"].isdecimal():
            told = f"{row['tokens_per_unit']!r} is no whole number"
            raise BadVocabulary(f"data/{name}: tokens_per_unit of {row['grammar']!r}: {told}")
        found.append(
            _Grammar(
                row["provider"].lower(),
                pattern(row["service"], name),
                pattern(row["meter"], name),
                row["model"],
                row["token_class"],
                int(row["tokens_per_unit"]) if row["tokens_per_unit"] else None,
            )
        )
    return tuple(found)


@cache
def _names(own_text: str) -> tuple[tuple[str, re.Pattern, str], ...]:
    name = "model_names.csv"
    return tuple(
        (row["provider"].lower(), pattern(row["pattern"], name), row["model"])
        for row in rows(name, own_text)
    )


@cache
def _token_patterns(own_text: str) -> tuple[tuple[str, re.Pattern], ...]:
    name = "token_classes.csv"
    return tuple(
        (row["token_class"], pattern(row["pattern"], name)) for row in rows(name, own_text)
    )
