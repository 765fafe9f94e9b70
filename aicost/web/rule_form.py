"""The form of a rule: what was typed, as it was typed, and the draft it makes."""

from collections.abc import Mapping, Sequence
import csv
from dataclasses import dataclass, field, replace
from datetime import date
import json
import re

from django.http import QueryDict

from aicost.kernel.targets import DIMENSIONS
from attribution.entities.changes import is_storable
from attribution.models import AllocationRule
from attribution.reports.spec import BadSpec
from attribution.ruling.conditions import ONE_OF, WITHOUT_VALUE
from attribution.ruling.draft import LAST, OWN_POSITION, Draft, RuleRefused

ROWS_MAX = 60
CONSTANT = "constant"
PREFIXES = ("tag", "field", "capture")
ASSIGNED = (*DIMENSIONS, "activity")
_KEY_MAX = 60
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Condition:
    field: str = ""
    op: str = "is"
    value: str = ""
    exact: bool = False

    @property
    def is_blank(self) -> bool:
        return not (self.field or self.value)


@dataclass(frozen=True)
class Assign:
    name: str = ""
    source: str = CONSTANT
    text: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.name or self.text)


@dataclass(frozen=True)
class RuleForm:
    """Texts of the form. `before` names the rule it shall stand before, '' where it is."""

    key: str = ""
    base: int = 0
    position: int = OWN_POSITION
    enabled: bool = True
    title: str = ""
    method: str = "direct"
    then: str = "nothing"
    conditions: tuple[Condition, ...] = (Condition(),)
    assigns: tuple[Assign, ...] = (Assign("team"),)
    fallback: str = ""
    sources: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    why: str = ""

    def without_blanks(self) -> "RuleForm":
        return replace(
            self,
            conditions=tuple(one for one in self.conditions if not one.is_blank),
            assigns=tuple(one for one in self.assigns if not one.is_blank),
        )


def read(given: QueryDict) -> RuleForm:
    """What was sent, as it is."""

    def text(name: str, default: str = "") -> str:
        return given.get(name, default).strip()

    return RuleForm(
        key=text("key"),
        base=_whole(text("base"), 0),
        position=_whole(text("position"), OWN_POSITION),
        enabled=text("enabled", "1") != "0",
        title=text("title"),
        method=text("method", "direct"),
        then=text("then", "nothing"),
        conditions=tuple(
            Condition(
                text(f"c-{n}-field"), text(f"c-{n}-op", "is"), text(f"c-{n}-value"),
                f"c-{n}-exact" in given,
            )
            for n in _rows(given, "c")
        ),
        assigns=tuple(
            Assign(text(f"a-{n}-name"), text(f"a-{n}-from", CONSTANT), text(f"a-{n}-text"))
            for n in _rows(given, "a")
        ),
        fallback=text("fallback"),
        sources=tuple(given.getlist("sources")),
        valid_from=text("valid_from"),
        valid_to=text("valid_to"),
        options={
            name.removeprefix("o-"): text(name)
            for name in given
            if name.startswith("o-") and text(name)
        },
        before=text("before"),
        why=text("why"),
    )  # fmt: skip


def _rows(given: QueryDict, letter: str) -> list[int]:
    found = {int(m[1]) for name in given if (m := re.match(rf"{letter}-(\d{{1,3}})-", name))}
    return sorted(found)[:ROWS_MAX]


def _whole(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else default


def of_draft(draft: Draft, why: str = "") -> RuleForm:
    """The form that a draft fills."""
    kind, state = draft.fallback.get("kind", ""), draft.fallback.get("state", "")
    if state and not kind:
        kind = "shared" if draft.method == "shared" else "unattributed"
    return RuleForm(
        key=draft.key,
        base=draft.base,
        position=draft.position,
        enabled=draft.enabled,
        title=draft.title,
        method=draft.method,
        then=draft.then,
        conditions=tuple(map(_condition, draft.conditions)),
        assigns=tuple(_assign(name, text) for name, text in draft.assigns.items()),
        fallback=f"{kind}/{state}" if state else "",
        sources=tuple(draft.sources),
        valid_from=draft.valid_from.isoformat() if draft.valid_from else "",
        valid_to=draft.valid_to.isoformat() if draft.valid_to else "",
        options={name: str(value) for name, value in draft.options.items()},
        why=why,
    )


def of_link(text: str) -> RuleForm:
    """The form that a link fills (`?draft=` of a suggestion). Raises `BadSpec`."""
    try:
        told = json.loads(text)
        if not is_storable(json.dumps(told, ensure_ascii=False)):
            raise ValueError("half of a character")
        draft = Draft(
            key="",
            title=str(told.get("title", "")),
            method=str(told.get("method") or "direct"),
            conditions=tuple(dict(one) for one in told.get("conditions", ())),
            assigns={str(name): str(value) for name, value in told.get("assigns", {}).items()},
            position=int(told.get("position") or OWN_POSITION),
        )
        form = of_draft(draft, str(told.get("why", "")))
    except _UNREADABLE as error:
        raise BadSpec("draft is no rule: follow the link of a suggestion") from error
    return form if form.assigns else replace(form, assigns=(Assign("team"),))


def _condition(one: Mapping) -> Condition:
    value = one.get("value", "")
    shown = comma_separated(value) if isinstance(value, (list, tuple)) else str(value or "")
    return Condition(str(one["field"]), str(one["op"]), shown, bool(one.get("exact")))


def _assign(name: str, text: str) -> Assign:
    kind, colon, rest = text.partition(":")
    return Assign(name, kind, rest) if colon and kind in PREFIXES else Assign(name, CONSTANT, text)


def comma_separated(values: Sequence[object]) -> str:
    """One line of CSV, so that a value may hold a comma in quotes."""
    return ", ".join(f'"{v}"' if "," in str(v) or '"' in str(v) else str(v) for v in values)


def separated(text: str) -> list[str]:
    rows = list(csv.reader([text.replace("\n", ",")], skipinitialspace=True))
    return [value.strip() for row in rows for value in row if value.strip()]


def draft_of(form: RuleForm, rules: Sequence[AllocationRule]) -> Draft:
    """The draft the form makes; `rules` are the newest of all, in claiming order. Raises
    `RuleRefused` for what cannot even be read; everything else `problems` finds."""
    kind, _, state = form.fallback.partition("/")
    return Draft(
        key=form.key or new_key(form.title, {rule.key for rule in rules}),
        title=form.title,
        method=form.method,
        conditions=tuple(map(_told, form.conditions)),
        assigns=_assigns(form.assigns),
        then=form.then,
        fallback={"kind": kind, "state": state} if form.fallback else {},
        position=place_before(form.before, rules, form.key) if form.before else form.position,
        sources=form.sources,
        valid_from=_day("valid_from", form.valid_from),
        valid_to=_day("valid_to", form.valid_to),
        options=dict(form.options),
        enabled=form.enabled,
        note=form.why,
        base=form.base,
    )


def _told(one: Condition) -> dict:
    told: dict[str, object] = {"field": one.field, "op": one.op}
    if one.op not in WITHOUT_VALUE:
        told["value"] = separated(one.value) if one.op == ONE_OF else one.value
    elif one.value:
        told["value"] = one.value
    if one.exact:
        told["exact"] = True
    return told


def _assigns(rows: Sequence[Assign]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in rows:
        if one.name in found:
            cure = "Keep one of the two"
            raise RuleRefused(f"assigns.{one.name}", f"{one.name} is named twice", cure)
        prefix = f"{one.source}:" if one.source in PREFIXES and one.text else ""
        found[one.name] = f"{prefix}{one.text}"
    return found


def _day(part: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise RuleRefused(part, f"{text!r} is no day", "Write it as YYYY-MM-DD") from error


def new_key(title: str, taken: set[str]) -> str:
    """A name made of the title: `gpu-scratch-to-search`, with a number where it is taken."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_KEY_MAX].strip("-") or "rule"
    if stem not in taken:
        return stem
    return next(name for n in range(2, len(taken) + 3) if (name := f"{stem}-{n}") not in taken)


def place_before(key: str, rules: Sequence[AllocationRule], own: str = "") -> int:
    """A position before that rule and behind the one now before it. Raises `RuleRefused`."""
    others = [rule for rule in rules if rule.key != own]
    at = next((n for n, rule in enumerate(others) if rule.key == key), None)
    if at is None:
        raise RuleRefused("position", f"there is no rule {key!r}", "Choose another place")
    low = others[at - 1].position if at else 0
    high = others[at].position
    if others[at].key == LAST:
        high = min(high, low + 100)
    if high - low < 2:
        told = f"there is no room before {others[at].title!r}"
        raise RuleRefused("position", told, "Save it elsewhere and move it there in the list")
    return low + (high - low) // 2
