"""What a charge series says about itself: own dimensions, activity, instance time, model API.

Functions over one series as a dict of its columns. The vocabularies are CSV files, ours and the
user's (attribution.vocabulary), so that a new instance type or tag key is data, not code.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from operator import itemgetter
import re
from typing import NamedTuple

from aicost.kernel.targets import ACTIVITIES, DIMENSIONS, OWNING_DIMENSIONS
from attribution.instance_meters import NONE, is_time_of, part_of
from attribution.model_meters import READ_EXTRAS, Meter, meter_of
from attribution.side_meters import bucket_in, is_network, storage_class_of
from attribution.vocabulary import own as own_words
from attribution.vocabulary import pattern, remembered, rows

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
_AI = "ai_services.csv"
_ASSUMED_ROLE = re.compile(r":assumed-role/([^/]+)/(.+)\Z")


# All that is read of a series beside its tags, resource and extras; many series are alike in it.
_METERED = (
    "provider", "service_category", "service_subcategory", "service_name", "service_code",
    "sku_meter", "charge_description", "charge_category", "commitment_discount_status",
    "consumed_unit", "pricing_unit", "instance_type",
)  # fmt: skip
_metering = itemgetter(*_METERED)


class Seen(NamedTuple):
    """What is known of a series before any rule: see `look`."""

    own: dict[str, str]
    activity: str
    instance_time: bool
    api_model: str
    token_class: str
    tokens_per_unit: int | None
    instance_part: str = ""
    is_ai: bool = False
    provisioned: bool = False
    network: bool = False
    bucket: str = ""
    storage_class: str = ""


@lru_cache(100_000)
def fold(text: str) -> str:
    """Lower case without spaces, hyphens and underscores: how names are compared."""
    return re.sub(r"[\s_-]+", "", text).lower()


def gpus_by_instance_type() -> dict[str, int]:
    return _gpus(own_words("gpu_instance_types.csv"))


@cache
def _gpus(own_text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows("gpu_instance_types.csv", own_text):
        found.setdefault(row["instance_type"].lower(), int(row["gpus"]))
    # SageMaker bills the same machines under names of its own.
    aws = (row for row in rows("gpu_instance_types.csv", own_text) if row["provider"] == "aws")
    for row in aws:
        found.setdefault(f"ml.{row['instance_type'].lower()}", int(row["gpus"]))
    return found


@cache
def _tag_keys(own_text: str) -> dict[str, tuple[tuple[int, str], ...]]:
    """Folded key -> (rank of its row, dimension) of every row that names it."""
    found: dict[str, list] = {}
    for rank, row in enumerate(rows("tag_keys.csv", own_text)):
        found.setdefault(fold(row["key"]), []).append((rank, row["dimension"]))
    return {key: tuple(told) for key, told in found.items()}


@cache
def _tag_prefixes(own_text: str) -> tuple[str, ...]:
    return tuple(row["prefix"].lower() for row in rows("tag_prefixes.csv", own_text))


@cache
def _ai_words(own_text: str) -> tuple[tuple[str, re.Pattern], ...]:
    return tuple((row["field"], pattern(row["pattern"], _AI)) for row in rows(_AI, own_text))


def _tagged(tags: tuple[tuple[str, str | None], ...]) -> tuple[dict[str, str], str]:
    """(dimensions, activity) by tags; many series have the same. To be read, not changed."""
    own = own_dimensions(dict(tags))
    named = {name: value for name, value in own.items() if name in DIMENSIONS}
    return named, own.get("activity", "")


def own_dimensions(tags: dict) -> dict[str, str]:
    """Dimensions the tags name, the first key of tag_keys.csv that is set winning; a tag of the
    resource itself before one of its caller or its account, in the order of tag_prefixes.csv."""
    if not tags:
        return {}
    prefixes, keys = own_words("tag_prefixes.csv"), _tag_keys(own_words("tag_keys.csv"))
    told: dict[str, tuple[int, int]] = {}
    own: dict[str, str] = {}
    for key, value in tags.items():
        if value in (None, ""):
            continue
        place, name = _bare(key, prefixes)
        for rank, dimension in keys.get(name, ()):
            if dimension not in told or (place, rank) < told[dimension]:
                told[dimension], own[dimension] = (place, rank), str(value)
    if "activity" in own:
        word = own["activity"].lower()
        own["activity"] = _ACTIVITY_WORDS.get(word, word if word in ACTIVITIES else "other")
    return own


@lru_cache(50_000)
def _bare(key: str, own_text: str) -> tuple[int, str]:
    """(rank of where the tag comes from, its folded key without the prefix)."""
    for rank, prefix in enumerate(_tag_prefixes(own_text)):
        if key.lower().startswith(prefix):
            return (rank if "/" in prefix else 0), fold(key[len(prefix) :])
    return 0, fold(key)


def principal(series: dict) -> tuple[str, str]:
    """(role, session) of the caller the bill names: of an assumed role both, else ('', name)."""
    extras = series["extras"] or {}
    arn = str(extras.get("IamPrincipal") or extras.get("PrincipalId") or "")
    if found := _ASSUMED_ROLE.search(arn):
        return found[1], found[2]
    return "", arn.rpartition("/")[2]


def _is_instance_time(series: dict, part: str) -> bool:
    if part == NONE:
        return False
    if series["charge_category"] != "Usage" or series["commitment_discount_status"] == "Unused":
        return False
    unit = (series["consumed_unit"] or series["pricing_unit"]).strip().lower()
    if series["sku_meter"] and _AWS_INSTANCE_METER.search(series["sku_meter"]):
        return True
    if not series["resource_id"]:
        return False
    if is_time_of(part, unit) and series["service_category"] == "Compute":
        return True
    if unit not in _HOURS:
        return False
    if series["instance_type"].lower() in gpus_by_instance_type():
        return True
    return series["service_category"] == "Compute" and bool(series["instance_type"])


class _Metered(NamedTuple):
    """What the meter of a series says, whatever its resource; `storage_class` as in side_meters."""

    meter: Meter
    instance_part: str
    instance_time: bool
    network: bool
    storage_class: str | None
    is_ai: bool


def _metered(told: tuple, extras: tuple, has_resource: bool) -> _Metered:
    """From the columns `_METERED` and the extras `READ_EXTRAS` alone."""
    series = dict(zip(_METERED, told, strict=True))
    series["extras"] = dict(zip(READ_EXTRAS, extras, strict=True))
    part, words = part_of(series), own_words(_AI)
    return _Metered(
        meter_of(series),
        part,
        _is_instance_time({**series, "resource_id": has_resource}, part),
        is_network(series),
        storage_class_of(series),
        _is_ai(series, (one for one in _ai_words(words) if one not in _ai_words_apart(words))),
    )


def is_ai(series: dict) -> bool:
    """Whether a series is of AI by any word of ai_services.csv: what it is for is another
    question, and where that finds no answer the series is listed (report `unclassified_ai`)."""
    return _is_ai(series, _ai_words(own_words(_AI)))


def _is_ai(series: dict, words: Iterable[tuple[str, re.Pattern]]) -> bool:
    for field, known in words:
        if field == "service":
            text = f"{series['service_name']} {series['service_code']}"
        else:
            text = str(series.get(field) or "")
        if text and known.search(text):
            return True
    return False


@cache
def _ai_words_apart(own_text: str) -> tuple[tuple[str, re.Pattern], ...]:
    """The words about columns that differ between series with one meter, such as resource_id."""
    return tuple(one for one in _ai_words(own_text) if one[0] not in (*_METERED, "service"))


def _activity(series: dict, tagged: str, api_model: str) -> str:
    if tagged:
        return tagged
    if api_model:
        return "inference"
    return _SERVICE_ACTIVITY.get(series["service_category"].lower(), "other")


def look(series: dict) -> Seen:
    """Everything the rules may ask of a series that its columns do not say outright."""
    extras = series["extras"] or {}
    own, activity = remembered(_tagged)(tuple((series["tags"] or {}).items()))
    told = remembered(_metered)(
        _metering(series),
        tuple([extras.get(name) for name in READ_EXTRAS]),
        bool(series["resource_id"]),
    )
    meter, bucket = told.meter, ""
    if told.storage_class is not None:
        bucket = bucket_in(series["resource_id"])
    return Seen(
        own=own,
        activity=_activity(series, activity, meter.model),
        instance_time=told.instance_time,
        instance_part=told.instance_part if told.instance_time else "",
        api_model=meter.model,
        token_class=meter.token_class,
        tokens_per_unit=meter.tokens_per_unit,
        is_ai=told.is_ai or _is_ai(series, _ai_words_apart(own_words(_AI))),
        provisioned=meter.provisioned,
        network=told.network,
        bucket=bucket,
        storage_class=told.storage_class or "" if bucket else "",
    )


def owns(dimensions: dict[str, str]) -> bool:
    """Whether the dimensions name an owner; environment alone does not."""
    return any(dimensions.get(name) for name in OWNING_DIMENSIONS)
