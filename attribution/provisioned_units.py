"""How many tokens a minute one unit of provisioned throughput serves: rows of
provisioned_units.csv, the user's own (a contract says) before ours (what vendors publish)."""

from functools import cache
import re

from attribution.vocabulary import BadVocabulary, own, pattern, rows

_NAME = "provisioned_units.csv"
_COLUMNS = ("input_tokens_per_minute", "output_tokens_per_minute")


def capacity_of(series: dict, model: str) -> tuple[int | None, int | None]:
    """(input, output) tokens a minute of one unit: each alone would use the unit whole. A kind
    that is None does not count; both None: nobody knows."""
    provider, told = read_for_capacity(series)
    for named, models, unit, per_minute in _units(own(_NAME)):
        if named in provider and models.search(model) and unit.search(told):
            return per_minute
    return None, None


def read_for_capacity(series: dict) -> tuple[str, str]:
    """All of a series that its capacity depends on: (provider, meter)."""
    return series["provider"].lower(), series["sku_meter"] or series["charge_description"]


@cache
def _units(own_text: str) -> tuple[tuple[str, re.Pattern, re.Pattern, tuple], ...]:
    found = []
    for row in rows(_NAME, own_text):
        counts = tuple(_count(row[column], row["model"]) for column in _COLUMNS)
        words = pattern(row["model"], _NAME), pattern(row["unit"], _NAME)
        found.append((row["provider"].lower(), *words, counts))
    return tuple(found)


def _count(text: str, model: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        cure = "Write a whole number above 0, or leave it empty"
        raise BadVocabulary(f"data/{_NAME}: {text!r} tokens a minute of {model!r}. {cure}")
    return int(text)
