"""What a charge series says about itself: own dimensions, activity, instance time, model API.

Pure functions over one series as a dict of its columns. The vocabularies are the CSV files of
attribution/data, so that a new instance type or tag key is data, not code.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
import re

from aicost.kernel.targets import ACTIVITIES, DIMENSIONS, OWNING_DIMENSIONS

_SERVICE_ACTIVITY = {
    "storage": "storage",
    "networking": "network",
    "management and governance": "observability",
    "databases": "data",
    "analytics": "data",
    "integration": "data",
}
_ACTIVITY_WORDS = {"serving": "inference", "experiment": "experimentation", "etl": "data"}
_HOURS = {"hrs", "hours", "hour", "h", "hr", "seconds", "second"}
_AWS_INSTANCE_METER = re.compile(
    r"(^|[-:])(BoxUsage|SpotUsage|DedicatedUsage|UnusedBox|UnusedDed|Host|Train|Notebk|Cluster)"
    r"([:.-]|Usage)",
)
_TOKEN_UNIT = re.compile(r"^\s*(\d+(?:\.\d+)?)?\s*([km]|thousand|million)?\s*-?_?tokens?\s*$", re.I)
_TOKEN_SCALE = {"": 1, "k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}
_GENERATIVE = ("generative ai", "bedrock", "openai", "anthropic", "foundry models", "gemini")
_METER_NOISE = re.compile(
    r"\b(input|output|inp|outp|opt|prompt|completion|generated|cached?|cache|read|write|creation|"
    r"reasoning|tokens?|1h|5m|units?|count|standard|batch|global|per|1k|1m)\b",
    re.I,
)
_REGION_PREFIX = re.compile(r"^[A-Z]{2,4}\d?-")


@dataclass(frozen=True)
class Seen:
    """What is known of a series before any rule: see `look`."""

    own: dict[str, str]
    activity: str
    instance_time: bool
    api_model: str
    token_class: str
    tokens_per_unit: int | None


def fold(text: str) -> str:
    """Lower case without spaces, hyphens and underscores: how names are compared."""
    return re.sub(r"[\s_-]+", "", text).lower()


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with files("attribution.data").joinpath(name).open(encoding="utf-8") as lines:
        return tuple(csv.DictReader(lines))


@cache
def gpus_by_instance_type() -> dict[str, int]:
    return {
        row["instance_type"].lower(): int(row["gpus"]) for row in _rows("gpu_instance_types.csv")
    }


@cache
def _tag_keys() -> tuple[tuple[str, str], ...]:
    return tuple((row["dimension"], row["key"]) for row in _rows("tag_keys.csv"))


@cache
def _token_patterns() -> tuple[tuple[str, re.Pattern], ...]:
    return tuple(
        (row["token_class"], re.compile(row["pattern"], re.I)) for row in _rows("token_classes.csv")
    )


def own_dimensions(tags: dict) -> dict[str, str]:
    """Dimensions the tags name, the first key of tag_keys.csv that is set winning."""
    folded = {}
    for key, value in tags.items():
        if value not in (None, ""):
            folded.setdefault(fold(key.removeprefix("user:").removeprefix("user_")), str(value))
    own: dict[str, str] = {}
    for dimension, key in _tag_keys():
        if key in folded and dimension not in own:
            own[dimension] = folded[key]
    if "activity" in own:
        word = own["activity"].lower()
        own["activity"] = _ACTIVITY_WORDS.get(word, word if word in ACTIVITIES else "other")
    return own


def _is_instance_time(series: dict) -> bool:
    if series["charge_category"] != "Usage" or series["commitment_discount_status"] == "Unused":
        return False
    unit = (series["consumed_unit"] or series["pricing_unit"]).strip().lower()
    if series["sku_meter"] and _AWS_INSTANCE_METER.search(series["sku_meter"]):
        return True
    if not series["resource_id"] or unit not in _HOURS:
        return False
    if series["instance_type"].lower() in gpus_by_instance_type():
        return True
    return series["service_category"] == "Compute" and bool(series["instance_type"])


def tokens_per_unit(unit: str) -> int | None:
    """How many tokens one unit of the quantity is; None when the unit is not tokens."""
    found = _TOKEN_UNIT.match(unit)
    if not found:
        return None
    number = float(found.group(1) or 1)  # a count of tokens in a unit's name, not an amount
    return int(number * _TOKEN_SCALE[(found.group(2) or "").lower()])


def _api_model(series: dict) -> tuple[str, str]:
    """(model, token class) of a model API's series, ('', '') for anything else."""
    extras = series["extras"]
    words = " ".join(
        (series["service_subcategory"], series["service_name"], series["service_code"])
    ).lower()
    unit_is_tokens = _unit_tokens(series) is not None
    if not unit_is_tokens and not any(word in words for word in _GENERATIVE):
        return "", ""
    if series["charge_category"] != "Usage":
        return "", ""
    meter = series["sku_meter"] or series["charge_description"]
    token_class = ""
    for name, pattern in _token_patterns():
        if pattern.search(meter) or pattern.search(extras.get("TokenType", "")):
            token_class = name
            break
    named = extras.get("ModelId") or extras.get("ModelName") or extras.get("x_model") or ""
    if not named and (unit_is_tokens or token_class):
        named = _METER_NOISE.sub(" ", _REGION_PREFIX.sub("", meter))
        named = re.sub(r"[\s_]+", " ", named).strip(" -_:,").replace(" ", "-")
        named = re.sub(r"-{2,}", "-", named)
    return named, token_class


def _unit_tokens(series: dict) -> int | None:
    return tokens_per_unit(series["consumed_unit"] or series["pricing_unit"])


def _activity(series: dict, own: dict[str, str], api_model: str) -> str:
    if own.get("activity"):
        return own["activity"]
    if api_model:
        return "inference"
    return _SERVICE_ACTIVITY.get(series["service_category"].lower(), "other")


def look(series: dict) -> Seen:
    """Everything the rules may ask of a series that its columns do not say outright."""
    own = own_dimensions(series["tags"] or {})
    api_model, token_class = _api_model({**series, "extras": series["extras"] or {}})
    return Seen(
        own={name: value for name, value in own.items() if name in DIMENSIONS},
        activity=_activity(series, own, api_model),
        instance_time=_is_instance_time(series),
        api_model=api_model,
        token_class=token_class,
        tokens_per_unit=_unit_tokens(series),
    )


def owns(dimensions: dict[str, str]) -> bool:
    """Whether the dimensions name an owner; environment alone does not."""
    return any(dimensions.get(name) for name in OWNING_DIMENSIONS)
