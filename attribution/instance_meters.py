"""Which part of a machine a meter bills, where a machine is several SKUs: rows of
instance_meters.csv (docs/decisions/0006-gpu-time.md)."""

from functools import cache
import re

from attribution.vocabulary import BadVocabulary, own, pattern, rows

GPU, MEMORY, NONE = "gpu", "memory", "none"
PARTS = (GPU, "cpu", MEMORY, "fee", NONE)
_NAME = "instance_meters.csv"
_TIME = re.compile(r"^(?:[a-z]+[ -])?(?:h|hrs?|hours?|seconds?)$")


def part_of(series: dict) -> str:
    """What a meter bills of a machine: '' for all of it, else one of `PARTS`."""
    provider = series["provider"].lower()
    told = f"{series['sku_meter']}\n{series['charge_description']}"
    for named, meter, part in _meters(own(_NAME)):
        if named in provider and meter.search(told):
            return part
    return ""


def is_time_of(part: str, unit: str) -> bool:
    """Whether the unit counts time of the part: `seconds`, `chip-hours`, `byte-seconds`."""
    return bool(part and part != NONE and _TIME.match(unit))


@cache
def _meters(own_text: str) -> tuple[tuple[str, re.Pattern, str], ...]:
    found = []
    for row in rows(_NAME, own_text):
        if row["part"] not in PARTS:
            cure = f"Choose one of {', '.join(PARTS)}"
            raise BadVocabulary(f"data/{_NAME}: part {row['part']!r} is unknown. {cure}")
        found.append((row["provider"].lower(), pattern(row["meter"], _NAME), row["part"]))
    return tuple(found)
