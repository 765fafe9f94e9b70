"""What is wrong with a draft, part by part, before it is saved."""

from collections.abc import Iterator, Mapping
import json
import re

from aicost.kernel.targets import ACTIVITIES, KINDS, STATES, UNATTRIBUTED, WORKLOAD
from attribution.rules import RULES
from attribution.ruling.compiled import ASSIGNABLE, CAPTURE, CAPTURED, FIELD, TAG
from attribution.ruling.conditions import ONE_OF, OPS, REGEX, WITHOUT_VALUE
from attribution.ruling.draft import LAST, TOLD, Draft, RuleRefused
from attribution.ruling.fields import YES_NO, NoField, field_of
from attribution.ruling.patterns import BadPattern, check, group_names
from ingest.connect import is_storable
from ingest.models import Source

METHODS = {method.method_id: method for method in RULES}
THEN = ("nothing", "requests", "tokens")
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
POSITION_MIN, POSITION_MAX = 1, 9_999
TEXT_MAX, TITLE_MAX, CONDITIONS_MAX, CHOICES_MAX, SOURCES_MAX = 500, 200, 50, 1000, 100
_PARTS = frozenset({"field", "op", "value", "exact"})


def problems(draft: Draft) -> list[RuleRefused]:
    """All that has to be put right before the draft can be saved; empty when nothing."""
    if draft.key == LAST:
        told = "the last rule claims what no other does, and stays as it is"
        return [RuleRefused("key", told, "Write a rule of your own that stands before it")]
    if odd := [*_odd(draft)]:
        return odd
    return [*_named(draft), *_conditions(draft), *_method(draft), *_assigns(draft), *_scope(draft)]


def check_draft(draft: Draft) -> None:
    """Raises the first `RuleRefused` of `problems`."""
    if found := problems(draft):
        raise found[0]


def groups_of(draft: Draft) -> tuple[str, ...]:
    """What `capture:NAME` can name: groups of the regex conditions of the draft."""
    found: dict[str, None] = {}
    for one in draft.conditions:
        if isinstance(one, Mapping) and one.get("op") == REGEX:
            found.update(dict.fromkeys(group_names(str(one.get("value", "")))))
    return tuple(found)


def _odd(draft: Draft) -> Iterator[RuleRefused]:
    """Parts with characters that Postgres cannot keep; nothing else of them can be told safely."""
    for name in TOLD:
        value = getattr(draft, name)
        inside = value.items() if isinstance(value, Mapping) else None
        if isinstance(value, (tuple, list)):
            inside = enumerate(value)
        for which, one in inside or [("", value)]:
            if not all(map(is_storable, _texts([which, one]))):
                part = f"{name}.{which}".rstrip(".").encode("ascii", "backslashreplace").decode()
                cure = "Leave out NUL and halves of characters"
                yield RuleRefused(part, "it holds a character that cannot be kept", cure)


def _texts(value: object) -> Iterator[str]:
    """All texts within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _texts(one)


def _named(draft: Draft) -> Iterator[RuleRefused]:
    if not KEY.match(str(draft.key)):
        cure = "Use small letters, digits, - and _, at most 64"
        yield RuleRefused("key", f"{draft.key!r} is no name of a rule", cure)
    if not _is_text(draft.title, TITLE_MAX):
        cure = f"Say what it is for, in at most {TITLE_MAX} characters"
        yield RuleRefused("title", "it has no title", cure)
    if type(draft.position) is not int or not POSITION_MIN <= draft.position <= POSITION_MAX:
        told = f"{draft.position!r} is no place in the order"
        cure = f"Give a whole number from {POSITION_MIN} to {POSITION_MAX}; the least goes first"
        yield RuleRefused("position", told, cure)


def _conditions(draft: Draft) -> Iterator[RuleRefused]:
    if not isinstance(draft.conditions, (tuple, list)) or len(draft.conditions) > CONDITIONS_MAX:
        cure = f"Give a list of at most {CONDITIONS_MAX}; all must hold"
        yield RuleRefused("conditions", "they are no list of conditions", cure)
        return
    for nth, one in enumerate(draft.conditions):
        if not isinstance(one, Mapping) or not _PARTS.issuperset(one):
            cure = "Give field, op, value, and exact if need be"
            yield RuleRefused(f"conditions.{nth}", f"{one!r} is no condition", cure)
        else:
            yield from _condition(f"conditions.{nth}", one)


def _condition(part: str, one: Mapping) -> Iterator[RuleRefused]:
    kind = ""
    try:
        kind = field_of(str(one.get("field", ""))).kind
    except NoField as error:
        cure = "Choose one of the list in docs/rules.md, tag:KEY or extra:KEY"
        yield RuleRefused(f"{part}.field", str(error), cure)
    op, value = one.get("op"), one.get("value")
    if not isinstance(op, str) or op not in OPS:
        yield RuleRefused(f"{part}.op", f"{op!r} is no comparison", f"Choose {', '.join(OPS)}")
        return
    if not isinstance(one.get("exact", False), bool):
        yield RuleRefused(f"{part}.exact", f"{one['exact']!r} is not true or false", "Leave it out")
    if op in WITHOUT_VALUE:
        if value not in (None, ""):
            yield RuleRefused(f"{part}.value", f"{op} compares with nothing", "Leave it empty")
        return
    if op == ONE_OF:
        right = isinstance(value, (list, tuple)) and 0 < len(value) <= CHOICES_MAX
        if not right or not all(_is_text(text, TEXT_MAX) for text in value):
            cure = f"Give at least one and at most {CHOICES_MAX} texts"
            yield RuleRefused(f"{part}.value", "it names nothing to choose from", cure)
        return
    if not _is_text(value, TEXT_MAX * 2 if op == REGEX else TEXT_MAX):
        cure = "Say what to compare with; of a field that may be empty ask exists or absent"
        yield RuleRefused(f"{part}.value", "it has no value", cure)
    elif op == REGEX:
        try:
            check(value)
        except BadPattern as error:
            cure = "Write it in the syntax of RE2, which has no look-around and no back-references"
            told = f"{value!r} is no regular expression ({error})"
            yield RuleRefused(f"{part}.value", told, cure)
    elif kind == YES_NO and value.lower() not in ("yes", "no"):
        yield RuleRefused(f"{part}.value", f"{value!r} is not yes or no", "Choose yes or no")


def _method(draft: Draft) -> Iterator[RuleRefused]:
    method = METHODS.get(draft.method) if isinstance(draft.method, str) else None
    if method is None:
        told, cure = f"{draft.method!r} is no method", f"Choose {', '.join(METHODS)}"
        yield RuleRefused("method", told, cure)
        return
    if draft.then not in THEN:
        yield RuleRefused(
            "then", f"{draft.then!r} splits by nothing known", f"Choose {', '.join(THEN)}"
        )
    yield from _fallback(draft)
    if not isinstance(draft.options, Mapping):
        yield RuleRefused("options", "they are no names with values", "Leave them out")
        return
    known = {option.name: [value for value, _ in option.choices] for option in method.options}
    for name, value in draft.options.items():
        part = f"options.{name}"
        if name not in known:
            cure = f"It has {', '.join(known)}" if known else "It has none: leave them out"
            yield RuleRefused(part, f"method {draft.method} has no option {name!r}", cure)
        elif value not in known[name]:
            yield RuleRefused(part, f"{value!r} is no choice", f"Choose {', '.join(known[name])}")


def _fallback(draft: Draft) -> Iterator[RuleRefused]:
    told = draft.fallback
    if not isinstance(told, Mapping) or not {"kind", "state"}.issuperset(told):
        yield RuleRefused("fallback", "it is no kind and state", "Give kind and state, or neither")
        return
    shared = draft.method == "shared"
    if not told and not shared:
        return
    kind = told.get("kind", "shared" if shared else UNATTRIBUTED)
    kinds = [one for one in KINDS if one != WORKLOAD]
    if kind not in kinds:
        cure = f"Choose {', '.join(kinds)}; a workload is named under assigns"
        yield RuleRefused("fallback.kind", f"{kind!r} cannot be fallen back to", cure)
    elif told.get("state", "") not in STATES[kind]:
        what = (
            f"{told['state']!r} is no state of {kind}" if told.get("state") else "it has no state"
        )
        yield RuleRefused("fallback.state", what, f"Choose {', '.join(STATES[kind])}")


def _assigns(draft: Draft) -> Iterator[RuleRefused]:
    if not isinstance(draft.assigns, Mapping):
        yield RuleRefused("assigns", "they are no names with values", "Give dimension and value")
        return
    for name, text in draft.assigns.items():
        part = f"assigns.{name}"
        if name not in ASSIGNABLE:
            cure = f"Choose {', '.join(ASSIGNABLE)}"
            yield RuleRefused(part, f"{name!r} is no dimension", cure)
        elif not _is_text(text, TEXT_MAX):
            yield RuleRefused(
                part, "it has no value", "Give a constant, tag:KEY, field:NAME or capture:NAME"
            )
        else:
            yield from _assigned(draft, part, name, text.strip())


def _assigned(draft: Draft, part: str, name: str, text: str) -> Iterator[RuleRefused]:
    try:
        if text.startswith((TAG, FIELD)):
            field_of(text.removeprefix(FIELD))
            return
    except NoField as error:
        yield RuleRefused(part, str(error), "Choose one of the list in docs/rules.md, or tag:KEY")
        return
    asked = [text.removeprefix(CAPTURE)] if text.startswith(CAPTURE) else CAPTURED.findall(text)
    groups = groups_of(draft)
    for group in asked:
        if group not in groups:
            cure = f"There are: {', '.join(groups)}" if groups else (
                "Add a condition that matches a regular expression with a group (?P<name>…)"
            )  # fmt: skip
            yield RuleRefused(part, f"no condition captures {group!r}", cure)
    if not asked and name == "activity" and text not in ACTIVITIES:
        yield RuleRefused(part, f"{text!r} is no activity", f"Choose {', '.join(ACTIVITIES)}")


def _scope(draft: Draft) -> Iterator[RuleRefused]:
    start, end = draft.valid_from, draft.valid_to
    if start and end and end <= start:
        cure = "The last day is excluded: give a later one, or none"
        yield RuleRefused("valid_to", f"it ends on {end}, not after its begin on {start}", cure)
    wanted = draft.sources
    if not isinstance(wanted, (tuple, list)) or not all(_is_text(one, TEXT_MAX) for one in wanted):
        yield RuleRefused("sources", "they are no list of names", "Leave it empty for all sources")
        return
    bills = Source.objects.filter(kind="bill")
    known = set(bills.values_list("name", flat=True)) if wanted else set()
    if len(wanted) > SOURCES_MAX:
        cure = f"Name at most {SOURCES_MAX}, or leave it empty for all sources"
        yield RuleRefused("sources", f"{len(wanted)} sources are too many", cure)
    for name in wanted[:SOURCES_MAX]:
        if name not in known:
            cure = f"There are: {', '.join(sorted(known)) or 'none yet'}"
            yield RuleRefused("sources", f"there is no bill source {name!r}", cure)
    told = {name: getattr(draft, name) for name in TOLD}
    if len(json.dumps(told, default=str)) > 1_000_000:
        yield RuleRefused("conditions", "the rule is larger than 1 MB", "Split it into several")


def _is_text(value: object, longest: int) -> bool:
    is_text = isinstance(value, str) and len(value.strip()) > 0 and len(value) <= longest
    return is_text and is_storable(value)
