"""Rules compiled once and asked of many series: which claims a series, and to which target."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
import re
from typing import NamedTuple

from aicost.kernel.targets import DIMENSIONS, FALLBACK, INFERRED, MEASURED, TAGGED
from attribution.classify import owns
from attribution.models import AllocationRule
from attribution.provisioned_units import capacity_of, read_for_capacity
from attribution.ruling.conditions import BadCondition, asks, compile_captures, compile_condition
from attribution.ruling.fields import SEEN_FIELDS, NoField, Subject, columns_of, reader
from attribution.ruling.patterns import BadPattern

ASSIGNABLE = (*DIMENSIONS, "activity")
TAG, FIELD, CAPTURE = "tag:", "field:", "capture:"
CAPTURED = re.compile(r"\{(\w+)\}")
WEIGHED = ("gpu_time", "pods", "tokens", "requests", "provisioned")
BY_TAGS = ("storage", "follow", "refund")  # what they do not weigh stands on its tags
# Methods that claim only on days on which telemetry knows the resource: it decides which of them.
OF_RESOURCE = ("gpu_time", "pods")
KNOWN_MAX = 50_000


class BadRule(ValueError):
    """A rule that cannot be evaluated; the message names the rule, the part and the choices."""


class Claim(NamedTuple):
    """What the rules decide of one series: the columns of a SeriesClaim. `resource_rule` claims
    first on days on which telemetry knows the resource, `pod_rule` where it knows the pods of a
    machine without GPUs; `own` then fills its parts."""

    rule_id: int
    resource_rule_id: int | None
    pod_rule_id: int | None
    own: tuple[tuple[str, str], ...]
    kind: str
    state: str
    activity: str
    evidence: str
    workload: str
    model: str
    feature: str
    experiment: str
    team: str
    environment: str
    instance_time: bool
    instance_part: str
    token_class: str
    tokens_per_unit: int | None
    input_per_minute: int | None
    output_per_minute: int | None
    bucket: str
    storage_class: str


class CompiledRule:
    """One rule version with its conditions and assigns as functions of a `Subject`.

    `sources` are the ids of the sources it is about, None for all. Raises `BadRule`."""

    def __init__(self, rule: AllocationRule, sources: frozenset[int] | None = None) -> None:
        self.rule, self.method, self._sources = rule, rule.method, sources
        self.by_source = sources is not None
        try:
            self._tests = [compile_condition(one) for one in rule.conditions]
        except BadCondition as error:
            raise BadRule(f"rule {rule.key}: {error}. Correct or disable it") from error
        self._captured = compile_captures(rule.conditions)
        self._assigns = [(name, self._assign(name, text)) for name, text in rule.assigns.items()]
        self.asks = {asks(one) for one in rule.conditions}
        self.asks |= {(field, True) for text in rule.assigns.values() if (field := _field(text))}
        self._by_tag = any(text.startswith(TAG) for text in rule.assigns.values())

    def matches(self, subject: Subject) -> bool:
        """Whether the rule is about the source, and all its conditions hold."""
        if self._sources is not None and subject.series["source_id"] not in self._sources:
            return False
        try:
            for test in self._tests:
                if not test(subject):
                    return False
        except (NoField, BadPattern) as error:
            raise BadRule(f"rule {self.rule.key}: {error}. Correct or disable it") from error
        return True

    def assigned(self, subject: Subject) -> dict[str, str]:
        """The dimensions it names for a series, without empty ones."""
        if not self._assigns:
            return {}
        try:
            told = ((name, text(subject)) for name, text in self._assigns)
            return {name: text for name, text in told if text}
        except NoField as error:
            raise BadRule(f"rule {self.rule.key}: {error}. Correct or disable it") from error

    def evidence(self, assigned: Mapping[str, str]) -> str:
        if self.method in WEIGHED:
            return MEASURED
        if self.method in BY_TAGS:
            return TAGGED
        if self.method == "unattributed":
            return FALLBACK
        if self.method == "direct":
            return TAGGED if self._by_tag or not owns(assigned) else INFERRED
        return INFERRED

    def kind(self, dimensions: Mapping[str, str]) -> tuple[str, str]:
        """(kind, state) of a target with these dimensions."""
        if self.method == "shared":
            return self.rule.fallback.get("kind", "shared"), self.rule.fallback["state"]
        if self.method == "unattributed" or not owns(dimensions):
            return "unattributed", "unclaimed"
        return "workload", "active"

    def _assign(self, name: str, text: str) -> Callable[[Subject], str]:
        if name not in ASSIGNABLE:
            raise BadRule(f"rule {self.rule.key} assigns {name!r}, which is no dimension")
        if text.startswith(TAG):
            return reader(text)
        if text.startswith(FIELD):
            return reader(text.removeprefix(FIELD))
        if text.startswith(CAPTURE):
            return lambda subject: self._captured(subject).get(text.removeprefix(CAPTURE), "")
        if CAPTURED.search(text):
            return lambda subject: _filled(text, self._captured(subject))
        return lambda subject: text


def _field(text: str) -> str:
    """The field an assign reads by itself, '' if none: what it captures, conditions ask."""
    if text.startswith(TAG):
        return text
    return text.removeprefix(FIELD) if text.startswith(FIELD) else ""


def _filled(text: str, captured: Mapping[str, str]) -> str:
    """The constant with its {NAME}s replaced; '' when the pattern captured one of them empty."""
    names = [name for name in CAPTURED.findall(text) if name in captured]
    if not all(captured[name] for name in names):
        return ""
    return CAPTURED.sub(lambda found: captured.get(found[1], found[0]), text)


class Decider:
    """Decides many series by the same rules: those alike in all that is asked are decided once."""

    def __init__(self, rules: Sequence[CompiledRule], aliases: Mapping) -> None:
        self._rules, self._aliases = rules, aliases
        asked: dict[str, bool] = {}
        for field, whole in (one for rule in rules for one in rule.asks):
            asked[field] = asked.get(field, False) or whole
        asked = {field: whole for field, whole in asked.items() if field not in SEEN_FIELDS}
        texts = [field for field, whole in asked.items() if whole]
        columns = {column for field in texts for column in columns_of(field)}
        if any(rule.by_source for rule in rules):
            columns.add("source_id")
        self._columns = itemgetter(*columns) if columns else _nothing
        self._texts = [reader(field) for field in texts if not columns_of(field)]
        self._there = [reader(field) for field, whole in asked.items() if not whole]
        self._known: dict[tuple, Claim] = {}

    def decide(self, subject: Subject) -> Claim:
        """As the function `decide`. Raises `BadRule`."""
        try:
            alike = self._asked(subject)
        except NoField:  # of a rule that may never be asked
            return decide(subject, self._rules, self._aliases)
        return self._remembered(alike, lambda: decide(subject, self._rules, self._aliases))

    def claim_by(
        self, subject: Subject, winner: CompiledRule, of_resource: Mapping[str, CompiledRule]
    ) -> Claim:
        """As the function `claim_by`. Raises `BadRule`."""
        first = next(iter(of_resource.values()), None)
        alike = (
            claim_by,
            winner.rule.pk,
            *(of_resource[name].rule.pk if name in of_resource else None for name in OF_RESOURCE),
            tuple(winner.assigned(subject).items()),
            tuple(first.assigned(subject).items()) if first else (),
            *_seen(subject),
        )
        return self._remembered(
            alike, lambda: claim_by(subject, winner, of_resource, self._aliases)
        )

    def _asked(self, subject: Subject) -> tuple:
        """All that `decide` may read of a series."""
        return (
            self._columns(subject.series),
            *[read(subject) for read in self._texts],
            *[bool(read(subject)) for read in self._there],
            *_seen(subject),
        )

    def _remembered(self, alike: tuple, make: Callable[[], Claim]) -> Claim:
        if (claim := self._known.get(alike)) is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            claim = self._known[alike] = make()
        return claim


def _nothing(series: dict) -> tuple:
    return ()


def _seen(subject: Subject) -> tuple:
    """What `claim_by` may read of a series beside what its rules assign."""
    seen = subject.seen
    capacity = read_for_capacity(subject.series) if seen.provisioned else ()
    return tuple(seen.own.items()), seen[1:], capacity


def decide(subject: Subject, rules: Sequence[CompiledRule], aliases: Mapping) -> Claim:
    """The claim on one series: the first rule that matches, and before it those that hold only on
    days on which telemetry knows the resource. Raises `BadRule`."""
    winner = None
    of_resource: dict[str, CompiledRule] = {}
    for rule in rules:
        if rule.method in OF_RESOURCE:
            if rule.method not in of_resource and rule.matches(subject):
                of_resource[rule.method] = rule
        elif rule.matches(subject):
            winner = rule
            break
    if winner is None:
        raise BadRule(
            "no rule claims everything else; add a rule of method unattributed at the end"
        )
    return claim_by(subject, winner, of_resource, aliases)


def claim_by(
    subject: Subject,
    winner: CompiledRule,
    of_resource: Mapping[str, CompiledRule],
    aliases: Mapping,
) -> Claim:
    """The claim of a rule that is known to win; `of_resource` are the rules before it that hold
    only on days on which telemetry knows the resource: method -> rule, in their order."""
    seen = subject.seen
    told = _canonical(seen.own, aliases)
    assigned = _canonical(winner.assigned(subject), aliases)
    target = {**told, **assigned}
    kind, state = winner.kind(target)
    if of_resource:
        first = next(iter(of_resource.values()))
        told.update(_canonical(first.assigned(subject), aliases))
        told.pop("activity", None)
    capacity = (None, None)
    if seen.provisioned:
        capacity = capacity_of(subject.series, target.get("model", ""))
    return Claim(
        winner.rule.id,
        *(of_resource[name].rule.id if name in of_resource else None for name in OF_RESOURCE),
        tuple(told.items()),
        kind,
        state,
        target.get("activity", "") or seen.activity,
        winner.evidence(assigned),
        *(target.get(name, "") for name in DIMENSIONS),
        seen.instance_time,
        seen.instance_part,
        seen.token_class,
        seen.tokens_per_unit,
        *capacity,
        seen.bucket,
        seen.storage_class,
    )


def _canonical(dimensions: Mapping[str, str], aliases: Mapping) -> dict[str, str]:
    return {name: aliases.get((name, text), text) for name, text in dimensions.items()}
