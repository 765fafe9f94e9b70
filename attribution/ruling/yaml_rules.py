"""Rules as a YAML file that people write by hand and git compares.

A rule has the names of docs/rules.md; what is left out has its usual value. A rule as we ship it is
only named (`built_in: true`). All texts are read as text: an account 0123 stays 0123.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from django.db import transaction
import yaml

from aicost.accounts.audit import RULES_IMPORTED, record
from aicost.accounts.models import User
from attribution.entities.changes import is_storable
from attribution.models import AllocationRule
from attribution.rules.builtin import BUILT_IN
from attribution.ruling.draft import LAST, Draft, RuleRefused
from attribution.ruling.edit import alone, newest, refuse_others, save
from attribution.ruling.validate import problems
from attribution.ruling.words import changes

BYTES_MAX, DEPTH_MAX, PROBLEMS_MAX = 1024**2, 8, 20
RULES_MAX = 2_000
_DIGITS_MAX = 9
HEAD = """\
# The rules of aicost, in the order in which they are asked; the first whose conditions all hold
# claims a charge (docs/rules.md). What would change: manage.py rules import FILE --dry-run
"""
_SHIPPED = {wanted["key"]: wanted for wanted in BUILT_IN}
_ORDER = ("key", "built_in", "title", "enabled", "position", "sources", "conditions", "method",
          "assigns", "then", "fallback", "options", "valid_from", "valid_to")  # fmt: skip
_USUAL = {one.name: one.default for one in fields(Draft)}
_YES, _NO = ("true", "yes"), ("false", "no")


class FileRefused(ValueError):
    """A file of rules of which nothing is taken. `problems` are `RuleRefused`s; the part of each
    begins with the line."""

    def __init__(self, found: Sequence[RuleRefused]) -> None:
        told = [str(one) for one in found[:PROBLEMS_MAX]]
        if len(found) > PROBLEMS_MAX:
            told.append(f"… and {len(found) - PROBLEMS_MAX} more")
        super().__init__("\n".join(told))
        self.problems = tuple(found)


@dataclass(frozen=True)
class Planned:
    """What an import does to one rule, in words."""

    draft: Draft
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """`planned` are the rules that change; `absent` are in force and not in the file."""

    planned: tuple[Planned, ...]
    unchanged: int
    absent: tuple[str, ...]

    @property
    def drafts(self) -> list[Draft]:
        return [one.draft for one in self.planned]


def export() -> str:
    """All rules in their newest version, as YAML; importing it changes nothing."""
    told = [_plain(rule) for rule in newest() if rule.key != LAST]
    return HEAD + yaml.dump(
        {"rules": told}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


def plan(text: str, only: bool = False) -> Plan:
    """What importing a file would change; with `only`, rules it lacks are switched off.

    Raises `FileRefused` with all that is wrong."""
    found = [(line, _draft(line, told)) for line, told in _entries(text)]
    have = {rule.key: rule for rule in newest()}
    wrong = [RuleRefused(f"line {line}: {one.part}", one.message, one.cure)
             for line, draft in found for one in problems(draft)]  # fmt: skip
    if wrong:
        raise FileRefused(wrong)
    named = {draft.key for _, draft in found}
    absent = [rule for key, rule in have.items() if key not in named and key != LAST]
    drafts = [draft.but(base=have[draft.key].version if draft.key in have else 0)
              for _, draft in found]  # fmt: skip
    if only:
        drafts += [Draft.of(rule).but(enabled=False) for rule in absent]
    planned = []
    for draft in drafts:
        before = Draft.of(have[draft.key]) if draft.key in have else None
        if told := changes(before, draft):
            planned.append(Planned(draft, told))
    left = () if only else tuple(rule.key for rule in absent if rule.enabled)
    return Plan(tuple(planned), len(drafts) - len(planned), left)


def import_rules(text: str, by: User, why: str, only: bool = False) -> Plan:
    """Save what `plan` says, all or nothing. Raises `FileRefused`, `RuleRefused`, `NotAllowed`."""
    refuse_others(by, why)
    with transaction.atomic():
        alone()
        decided = plan(text, only)
        for one in decided.planned:
            save(one.draft, by, why)
        keys = [one.draft.key for one in decided.planned]
        record(by, RULES_IMPORTED, "", {"why": why.strip(), "rules": keys})
    return decided


class _Dumper(yaml.SafeDumper):
    """Indents lists under their name, as people do."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


class _OnOneLine(dict):
    """A mapping that is written on one line."""


_Dumper.add_representer(
    _OnOneLine,
    lambda dumper, told: dumper.represent_mapping(
        "tag:yaml.org,2002:map", told.items(), flow_style=True
    ),
)


def _plain(rule: AllocationRule) -> dict:
    draft = Draft.of(rule)
    told = {"key": draft.key, **draft.columns()}
    usual = dict(_USUAL)
    if rule.built_in and (shipped := _SHIPPED.get(rule.key)):
        told["built_in"] = True
        usual |= shipped
    told["conditions"] = [_OnOneLine(one) for one in told["conditions"]]
    return {
        name: told[name]
        for name in _ORDER
        if name in told and (name == "key" or told[name] and told[name] != usual.get(name)
                             or name == "enabled" and not told[name])
    }  # fmt: skip


def _entries(text: str) -> Iterator[tuple[int, dict]]:
    """(line, rule as told) of a file, each key once."""
    if len(text.encode()) > BYTES_MAX:
        raise _refused(1, "file", f"it is larger than {BYTES_MAX} bytes", "Split it")
    try:
        _refuse_odd(text)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or str(error)
        cure = "Write it as `manage.py rules export` does"
        raise _refused(mark.line + 1 if mark else 1, "file", f"no YAML: {told}", cure) from error
    listed = dict(_pairs(root)).get("rules") if isinstance(root, yaml.MappingNode) else None
    if not isinstance(listed, yaml.SequenceNode):
        raise _refused(1, "file", "it has no list `rules`", "Begin it with the line `rules:`")
    if len(listed.value) > RULES_MAX:
        told = f"{len(listed.value)} rules are more than {RULES_MAX}"
        raise _refused(1, "file", told, "Let one rule ask for several values: op one_of")
    seen: dict[str, int] = {}
    for node in listed.value:
        line, told = node.start_mark.line + 1, _value(node)
        if not isinstance(told, dict) or not isinstance(told.get("key"), str):
            raise _refused(line, "key", "a rule has no key", "Give each rule a `key`")
        if told["key"] in seen:
            first = f"{told['key']!r} stands in line {seen[told['key']]} too"
            raise _refused(line, "key", first, "Give each rule a key of its own")
        seen[told["key"]] = line
        yield line, told


def _refuse_odd(text: str) -> None:
    """No anchors (they can grow without end), no tags, no depth that no rule needs, no characters
    that nothing can keep or print."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None):
            raise _refused(line, "file", "it uses an anchor or alias", "Write the text out")
        if getattr(event, "tag", None):
            raise _refused(line, "file", f"it uses the tag {event.tag}", "Leave tags out")
        if not is_storable(getattr(event, "value", "")):
            told = "it holds a character that cannot be kept"
            raise _refused(line, "file", told, "Leave out NUL and halves of characters")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise _refused(line, "file", "it is nested too deep", "See docs/rules.md")


def _pairs(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    seen = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(line, "file", "a name is no text", "Write `name: value`")
        if key.value in seen:
            raise _refused(line, key.value, "it stands there twice", "Leave one of them")
        seen.add(key.value)
        yield key.value, value


def _value(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {key: _value(value) for key, value in _pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(one) for one in node.value]
    return None if node.value in ("", "null", "~") and node.style is None else node.value


def _draft(line: int, told: Mapping) -> Draft:
    unknown = [name for name in told if name not in _ORDER]
    if unknown:
        cure = f"There are: {', '.join(_ORDER)}"
        raise _refused(line, unknown[0], "no rule has that", cure)
    told = {name: value for name, value in told.items() if value is not None}
    key, ours = told["key"], _flag(line, "built_in", told.pop("built_in", "false"))
    if ours and key not in _SHIPPED:
        raise _refused(line, "built_in", f"{key!r} is none of ours", "Leave built_in out")
    base = _SHIPPED[key] if ours else {"title": ""}
    told = {**base, **told}
    if "enabled" in told:
        told["enabled"] = _flag(line, "enabled", told["enabled"])
    for name in ("valid_from", "valid_to"):
        if name in told:
            told[name] = _day(line, name, told[name])
    place = told.get("position")
    if isinstance(place, str) and place.isdecimal() and len(place) <= _DIGITS_MAX:
        told["position"] = int(place)
    if isinstance(told.get("conditions"), list):
        told["conditions"] = tuple(_condition(line, one) for one in told["conditions"])
    if isinstance(told.get("sources"), list):
        told["sources"] = tuple(told["sources"])
    return Draft(**told)


def _condition(line: int, told: object) -> object:
    if isinstance(told, dict) and isinstance(told.get("exact"), str):
        return {**told, "exact": _flag(line, "exact", told["exact"])}
    return told


def _flag(line: int, name: str, text: object) -> bool:
    if str(text).lower() not in (*_YES, *_NO):
        raise _refused(line, name, f"{text!r} is not true or false", "Write true or false")
    return str(text).lower() in _YES


def _day(line: int, name: str, text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise _refused(line, name, f"{text!r} is no day", "Write it as 2026-09-01") from error


def _refused(line: int, part: str, message: str, cure: str) -> FileRefused:
    return FileRefused([RuleRefused(f"line {line}: {part}", message, cure)])
