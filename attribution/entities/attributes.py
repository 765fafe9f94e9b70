"""Attributes people may give a name, each with its unit and how it is read; docs/targets.md lists
them. An unknown attribute is refused, so that a misspelt one is not silently of no effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
import re

from aicost.kernel.money import NotMoney, parse_decimal, plain


@dataclass(frozen=True)
class Attribute:
    """`parse` makes the JSON value of a text, or raises ValueError with what is wrong."""

    name: str
    title: str
    unit: str
    of: tuple[str, ...]
    parse: Callable[[str], object]


def _text(text: str) -> str:
    """A semicolon parts attributes in the file."""
    if ";" in text:
        raise ValueError("has a semicolon")
    return text


_SCALES = {"k": 3, "m": 6, "b": 9, "t": 12}


def _number(text: str) -> str:
    """A positive number as a plain string; 7B and 1.5M are written out."""
    found = re.fullmatch(r"([\d.,_ ]+?)\s*([kmbt]?)", text.strip(), re.I)
    try:
        value = parse_decimal(re.sub(r"[,_ ]", "", found[1]) if found else text)
    except NotMoney as error:
        raise ValueError(f"{text[:40]!r} is no number") from error
    if value <= 0:
        raise ValueError(f"{text[:40]!r} is not above 0")
    return plain(value * Decimal(10) ** _SCALES.get(found[2].lower(), 0))


def _count(text: str) -> int:
    value = Decimal(_number(text))
    if value != int(value):
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(value)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no date: write YYYY-MM-DD") from error


_MODEL, _EVERY = ("model", "model_family"), ()
ATTRIBUTES = (
    Attribute("parameters", "Parameters", "count", _MODEL, _number),
    Attribute("active_parameters", "Active parameters", "count", _MODEL, _number),
    Attribute("quantisation", "Quantisation", "such as fp8, int4", _MODEL, _text),
    Attribute("context", "Context", "tokens", _MODEL, _count),
    Attribute("vendor", "Vendor", "", _MODEL, _text),
    Attribute("licence", "Licence", "", _MODEL, _text),
    Attribute("gpus", "GPUs of a replica", "count", _MODEL, _number),
    Attribute("serving_from", "In service since", "day", ("model",), _day),
    Attribute("serving_life_months", "Serving life", "months", ("model",), _count),
    Attribute("hypothesis", "Hypothesis", "", ("experiment", "project"), _text),
    Attribute("ends_on", "Planned end", "day", ("experiment", "project"), _day),
    Attribute("link", "Link", "address", _EVERY, _text),
)
BY_NAME = {one.name: one for one in ATTRIBUTES}


def known_of(dimension: str) -> tuple[Attribute, ...]:
    """The attributes a name of this dimension can have."""
    return tuple(one for one in ATTRIBUTES if not one.of or dimension in one.of)


def parsed(dimension: str, given: Mapping[str, object]) -> dict[str, object]:
    """The attributes as they are kept; blank ones are left out. Raises ValueError naming the
    attribute, what is wrong and what there is."""
    found: dict[str, object] = {}
    for name, value in given.items():
        one = BY_NAME.get(name)
        if one is None or one not in known_of(dimension):
            offered = ", ".join(a.name for a in known_of(dimension))
            raise ValueError(f"{name!r} is no attribute of a {dimension}; there are: {offered}")
        text = str(value).strip()
        if text:
            try:
                found[name] = one.parse(text)
            except ValueError as error:
                raise ValueError(f"attribute {name}: {error}") from error
    return found
