"""Parameters of a query string: declared once, read and described from the same declaration."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
import re

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter

from attribution.reports.question import FIRST_YEAR, LAST_YEAR, day_of
from attribution.reports.spec import BadSpec

VALUE_CHARS_MAX, VALUES_MAX = 2_000, 200
TEXT, DAY, TIME, NUMBER, FLAG = "text", "day", "time", "number", "flag"
YES, NO = ("1", "true"), ("0", "false", "")
_FILTER = re.compile(r"filter\[([^\]]{1,300})\]\Z")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Param:
    """One parameter. A `listed` one holds several values with commas between, a `repeated` one is
    given several times; `choices` empty is anything of its kind."""

    name: str
    says: str
    kind: str = TEXT
    choices: tuple[str, ...] = ()
    required: bool = False
    listed: bool = False
    repeated: bool = False
    low: int = 0
    high: int = 0
    default: str = ""
    example: str = ""

    def described(self) -> OpenApiParameter:
        schema: dict = {"type": "string"}
        if self.kind == DAY:
            schema |= {"format": "date"}
        elif self.kind == TIME:
            schema |= {"format": "date-time"}
        elif self.kind == NUMBER:
            schema = {"type": "integer", "minimum": self.low, "maximum": self.high}
        elif self.kind == FLAG:
            schema |= {"enum": ["0", "1"]}
        elif self.choices:
            schema |= {"enum": list(self.choices)}
        else:
            schema |= {"maxLength": VALUE_CHARS_MAX}
        if self.default:
            schema |= {"default": int(self.default) if self.kind == NUMBER else self.default}
        if self.listed or self.repeated:
            schema = {"type": "array", "items": schema, "maxItems": VALUES_MAX}
        return OpenApiParameter(
            self.name,
            schema,
            OpenApiParameter.QUERY,
            required=self.required,
            description=self.says,
            explode=self.repeated or None,
            style="form" if self.listed or self.repeated else None,
        )


def read(params: QueryDict, known: Sequence[Param], filters: bool = False) -> dict[str, object]:
    """The values by name, each of its kind; what is not given is its default, None or (). With
    `filters`, the value of `filters` is {dimension: (values)} of `filter[dimension]=value`. Raises
    BadSpec naming the parameter, what is wrong and what can be given."""
    by_name = {one.name: one for one in known}
    found: dict[str, object] = {one.name: _default(one) for one in known}
    picked: dict[str, tuple[str, ...]] = {}
    for name, values in params.lists():
        for text in (name, *values):
            if _NO_TEXT.search(text) or len(text) > VALUE_CHARS_MAX:
                raise BadSpec(f"{_short(name)} is too long or holds a character that no name has")
        matched = _FILTER.match(name) if filters else None
        if matched:
            picked[matched[1]] = tuple(values[:VALUES_MAX])
        elif name in by_name:
            found[name] = _value(by_name[name], values)
        else:
            offered = ", ".join((*by_name, *(("filter[dimension]",) if filters else ())))
            raise BadSpec(f"the parameter {_short(name)!r} is not one of: {offered or 'none'}")
    for one in known:
        if one.required and found[one.name] in (None, "", ()):
            raise BadSpec(f"{one.name} is missing: {one.says}")
    return found | ({"filters": picked} if filters else {})


def _default(one: Param) -> object:
    if one.listed or one.repeated:
        return ()
    return _one(one, one.default) if one.default else False if one.kind == FLAG else None


def _value(one: Param, values: list[str]) -> object:
    if one.listed:
        parts = [part.strip() for value in values for part in value.split(",")]
        return tuple(_one(one, part) for part in parts if part)[:VALUES_MAX]
    if one.repeated:
        return tuple(_one(one, value) for value in values)[:VALUES_MAX]
    if len(values) > 1:
        raise BadSpec(f"{one.name} is given {len(values)} times")
    if not values[0]:
        return _default(one)
    return _one(one, values[0])


def _one(one: Param, text: str) -> object:
    if one.kind == DAY:
        return day_of(one.name, text)
    if one.kind == TIME:
        return _time(one.name, text)
    if one.kind == NUMBER:
        return _number(one, text)
    if one.kind == FLAG:
        if text not in (*YES, *NO):
            raise BadSpec(f"{one.name}={_short(text)} is not 0 or 1")
        return text in YES
    if one.choices and text not in one.choices:
        raise BadSpec(f"{one.name} {_short(text)!r} is not one of: {', '.join(one.choices)}")
    return text


def _time(name: str, text: str) -> datetime:
    # In a query string a plus is a blank: 10:00:00 01:00 was meant as 10:00:00+01:00.
    written = re.sub(r" (\d\d:?\d\d)\Z", r"+\1", text)
    try:
        moment = datetime.fromisoformat(written)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        told = f"write {name}=YYYY-MM-DDTHH:MM:SSZ"
        raise BadSpec(f"{name}={_short(text)} is no time: {told}") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadSpec(f"{name}={_short(text)} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _number(one: Param, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadSpec(f"{one.name}={_short(text)} is no whole number")
    if not one.low <= int(text) <= one.high:
        raise BadSpec(f"{one.name}={text} is not from {one.low} to {one.high}")
    return int(text)


def refuse_odd_text(value: object) -> None:
    """Raises BadSpec where a text inside holds what no database keeps."""
    inside = [value]
    while inside:
        one = inside.pop()
        if isinstance(one, str) and _NO_TEXT.search(one):
            raise BadSpec("the body holds a character that no text has (U+0000 or half a pair)")
        if isinstance(one, dict):
            inside += (*one, *one.values())
        elif isinstance(one, (list, tuple)):
            inside += one


def described(params: Iterable[Param]) -> list[OpenApiParameter]:
    return [one.described() for one in params]


def _short(text: str) -> str:
    return text[:40].encode(errors="replace").decode()
