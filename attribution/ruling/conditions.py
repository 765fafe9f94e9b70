"""Conditions: {"field", "op", "value", "exact"}; names compare without case, spaces, hyphens and
underscores unless `exact` is true. A rule's conditions are compiled once and asked of many series.
"""

from collections.abc import Callable, Mapping, Sequence

from attribution.classify import fold
from attribution.ruling.fields import Subject, reader
from attribution.ruling.patterns import captures, search

Test = Callable[[Subject], bool]
IS, IS_NOT, CONTAINS, STARTS_WITH = "is", "is_not", "contains", "starts_with"
REGEX, ONE_OF, EXISTS, ABSENT = "regex", "one_of", "exists", "absent"
# op -> in words, in the order in which forms offer them
OPS = {
    IS: "is",
    IS_NOT: "is not",
    CONTAINS: "contains",
    STARTS_WITH: "starts with",
    ONE_OF: "is one of",
    REGEX: "matches",
    EXISTS: "exists",
    ABSENT: "is absent",
}
WITHOUT_VALUE = frozenset({EXISTS, ABSENT})


class BadCondition(ValueError):
    """A condition that cannot be asked."""


def compile_condition(condition: Mapping) -> Test:
    """A function that says whether the condition holds of a series. Raises `BadCondition`."""
    try:
        field, op = condition["field"], condition["op"]
        exact = bool(condition.get("exact", False))
        if op not in OPS:
            raise BadCondition(f"unknown comparison {op!r}; choose one of {', '.join(OPS)}")
        read = reader(field)
        if op in WITHOUT_VALUE:
            there = op == EXISTS
            return lambda subject: bool(read(subject)) is there
        wanted = condition["value"]
    except (KeyError, TypeError, AttributeError) as error:
        told = f"a condition cannot be evaluated ({error!r})"
        raise BadCondition(f"{told}. Give field, op and value, and a valid regex") from error
    if op == REGEX:
        return lambda subject: search(wanted, read(subject), exact)
    alike = _as_it_is if exact else fold
    if op == ONE_OF:
        choices = frozenset(alike(str(one)) for one in wanted)
        return lambda subject: alike(read(subject)) in choices
    text = alike(str(wanted))
    if op == IS:
        return lambda subject: alike(read(subject)) == text
    if op == IS_NOT:
        return lambda subject: alike(read(subject)) != text
    if op == CONTAINS:
        return lambda subject: text in alike(read(subject))
    return lambda subject: alike(read(subject)).startswith(text)


def asks(condition: Mapping) -> tuple[str, bool]:
    """(field, whether its text counts and not only whether there is any) of a compiled one."""
    return condition["field"], condition["op"] not in WITHOUT_VALUE


def compile_captures(conditions: Sequence[Mapping]) -> Callable[[Subject], dict[str, str]]:
    """A function that gives what the groups of all regex conditions captured, the first winning."""
    asked = [
        (one["field"], one["value"], bool(one.get("exact", False)))
        for one in conditions
        if one["op"] == REGEX
    ]

    def held(subject: Subject) -> dict[str, str]:
        found: dict[str, str] = {}
        for field, pattern, exact in asked:
            for name, text in captures(pattern, subject.value(field), exact).items():
                found.setdefault(name, text)
        return found

    return held


def _as_it_is(text: str) -> str:
    return text
