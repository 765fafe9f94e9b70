"""Regular expressions that people write, matched by RE2: in time linear in the text, whatever the
pattern, so that a rule can never hang a worker. (Arrow brings RE2 along and we have Arrow.)"""

from __future__ import annotations

from functools import lru_cache
import re
from struct import pack

from aicost.kernel.late import Late

pa = Late("pyarrow")
pc = Late("pyarrow.compute")

LENGTH_MAX = 1000
_CACHED_TEXTS = 100_000
_GROUP = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|\((?!\?)|\(\?P<(\w+)>", re.S)


class BadPattern(ValueError):
    """No regular expression, or one that cannot be matched in linear time."""


def check(pattern: str) -> None:
    """Raises `BadPattern` that says what is wrong, in RE2's words."""
    if len(pattern) > LENGTH_MAX:
        raise BadPattern(f"{len(pattern)} characters are more than {LENGTH_MAX}")
    _search(pattern, "", False)
    _captures(pattern, "", False)


def group_names(pattern: str) -> tuple[str, ...]:
    """Names of the groups of a pattern, in order; one without a name has its number."""
    return tuple(found[1] or str(nth) for nth, found in enumerate(_groups(pattern), 1))


@lru_cache(_CACHED_TEXTS)
def search(pattern: str, text: str, exact: bool = False) -> bool:
    """Whether the pattern matches anywhere in the text, without case unless `exact`."""
    return _search(pattern, text, exact)


@lru_cache(_CACHED_TEXTS)
def captures(pattern: str, text: str, exact: bool = False) -> dict[str, str]:
    """What the groups of the first match hold, by `group_names`; {} without a match or groups."""
    return _captures(pattern, text, exact)


def _search(pattern: str, text: str, exact: bool) -> bool:
    try:
        found = pc.match_substring_regex(_column(text), pattern, ignore_case=not exact)
    except pa.ArrowInvalid as error:
        raise BadPattern(_reason(error)) from error
    return found[0].as_py()


def _captures(pattern: str, text: str, exact: bool) -> dict[str, str]:
    names = group_names(pattern)
    if not names:
        return {}
    # Arrow wants every group named, and each name once.
    numbered, at = [], 0
    for ordinal, found in enumerate(_groups(pattern), 1):
        numbered += [pattern[at : found.start()], f"(?P<g{ordinal}>"]
        at = found.end()
    named = "".join((*numbered, pattern[at:]))
    try:
        found = pc.extract_regex(_column(text), named if exact else f"(?i){named}")
    except pa.ArrowInvalid as error:
        raise BadPattern(_reason(error)) from error
    held = found[0].as_py() or {}
    return {name: held[f"g{nth}"] for nth, name in enumerate(names, 1) if f"g{nth}" in held}


def _column(text: str) -> pa.StringArray:
    """A column of one text. (`pa.array` would load pandas: a second, once, for nothing.)"""
    held = text.encode()
    return pa.StringArray.from_buffers(
        1, pa.py_buffer(pack("=ii", 0, len(held))), pa.py_buffer(held)
    )


def _groups(pattern: str) -> list[re.Match]:
    return [found for found in _GROUP.finditer(pattern) if found[0].startswith("(")]


def _reason(error: Exception) -> str:
    return str(error).removeprefix("Invalid regular expression: ")
