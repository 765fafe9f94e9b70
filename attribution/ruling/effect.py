"""Which series a change of rules gives other claims: only those are asked again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from django.db import connection

from aicost.kernel.periods import Period, month_start, next_month
from aicost.kernel.sqlfiles import sql
from attribution import vocabulary
from attribution.claims import compiled, governing, live_rule_set_on
from attribution.closing.pinned import closed_months
from attribution.models import AllocationRule, RuleSet
from attribution.ruling.compiled import OF_RESOURCE, Claim, CompiledRule, Decider
from attribution.ruling.draft import Draft
from attribution.ruling.fields import Subject, series_of
from ingest.models import Alias

PACKAGE = "attribution.ruling.replay"
# The columns that name who claims: the winner, then a rule of each method of OF_RESOURCE.
CLAIMED_BY = ("rule_id", "resource_rule_id", "pod_rule_id")


@dataclass(frozen=True)
class Segment:
    """Days on which the same rules hold: before the change, and after it."""

    period: Period
    rule_set: RuleSet
    before: tuple[AllocationRule, ...]
    after: tuple[AllocationRule, ...]
    aliases: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Changed:
    """Claims by series: `after` of those that change, `before` where nobody had asked yet."""

    before: Mapping[int, Claim]
    after: Mapping[int, Claim]


def drafted(drafts: Sequence[Draft]) -> list[AllocationRule]:
    """The versions that the drafts would add, unsaved, under ids that no rule has."""
    versions = dict(AllocationRule.objects.order_by("version").values_list("key", "version"))
    return [
        AllocationRule(
            pk=-nth, key=draft.key, version=versions.get(draft.key, 0) + 1, **draft.columns()
        )
        for nth, draft in enumerate(drafts, 1)
    ]


def segments(period: Period, added: Sequence[AllocationRule]) -> list[Segment]:
    """The parts of a period that the change reaches: none of a closed month."""
    edges = {period.start, period.end}
    closed = closed_months(period.start, period.end)
    for month in closed:
        edges |= {month, next_month(month)}
    spans = [*AllocationRule.objects.values_list("valid_from", "valid_to")]
    spans += [*Alias.objects.values_list("valid_from", "valid_to")]
    for span in (*spans, *((rule.valid_from, rule.valid_to) for rule in added)):
        edges.update(edge for edge in span if edge)
    cuts = sorted(edge for edge in edges if period.start <= edge <= period.end)
    found = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        if month_start(start) not in closed and (one := _segment(Period(start, end), added)):
            found.append(one)
    return found


def _segment(period: Period, added: Sequence[AllocationRule]) -> Segment | None:
    rule_set, before, aliases = live_rule_set_on(period.start)
    after = [rule for rule in governing(period.start, added) if rule.enabled]
    if [rule.pk for rule in before] == [rule.pk for rule in after]:
        return None
    return Segment(period, rule_set, tuple(before), tuple(after), aliases)


def changed(segment: Segment, series: Iterable[dict]) -> Changed:
    """Decide anew what the change touches. `series` are rows of preview_claimed.sql.

    Most rules stay and stay in order; so the old winner tells that no rule before it matches, and
    only rules that are new or moved have to be asked."""
    before = Decider(compiled(segment.before), segment.aliases)
    staying = {rule.pk for rule in segment.before} & {rule.pk for rule in segment.after}
    anew = _Anew(compiled(segment.after), staying, segment.aliases)
    claimed_by = itemgetter(*CLAIMED_BY)
    was: dict[int, Claim] = {}
    now: dict[int, Claim] = {}
    with vocabulary.steady():
        for row in series:
            subject = Subject(row)
            ids = claimed_by(row)
            if ids[0] is None:
                old = was[row["id"]] = before.decide(subject)
                ids = (old.rule_id, old.resource_rule_id, old.pod_rule_id)
            if claim := anew.claim(subject, ids):
                now[row["id"]] = claim
    return Changed(was, now)


class _Anew:
    """What the rules after the change claim, knowing who claimed before."""

    def __init__(self, after: Sequence[CompiledRule], staying: set[int], aliases: Mapping) -> None:
        self._after, self._staying = after, {None, *staying}
        self._decider = Decider(after, aliases)
        self._rank = {rule.rule.pk: nth for nth, rule in enumerate(after)}
        self._come = [(nth, rule) for nth, rule in enumerate(after) if rule.rule.pk not in staying]

    def claim(self, subject: Subject, ids: tuple[int | None, ...]) -> Claim | None:
        """None when the claim stays as it was; `ids` in the order of `CLAIMED_BY`."""
        if not self._staying.issuperset(ids):
            return self._decider.decide(subject)
        winner = self._rank[ids[0]]
        of = {m: self._rank[pk] for m, pk in zip(OF_RESOURCE, ids[1:], strict=True) if pk}
        for nth, come in self._come:
            if nth > winner or come.method in of and of[come.method] < nth:
                continue
            if come.matches(subject):
                if come.method in OF_RESOURCE:
                    of[come.method] = nth
                else:
                    winner = nth
        told = sorted((nth, method) for method, nth in of.items() if nth < winner)
        rules = {method: self._after[nth] for nth, method in told}
        now = (self._after[winner].rule.pk,
               *(rules[m].rule.pk if m in rules else None for m in OF_RESOURCE))  # fmt: skip
        if now == ids:
            return None
        return self._decider.claim_by(subject, self._after[winner], rules)


def claimed_series(segment: Segment) -> Iterator[dict]:
    """Rows of preview_claimed.sql: the columns of a series, and `CLAIMED_BY`."""
    with connection.cursor() as cursor:
        binds = {
            "rule_set": segment.rule_set.id,
            "start": segment.period.start,
            "end": segment.period.end,
        }
        cursor.execute(sql(PACKAGE, "preview_claimed"), binds)
        yield from series_of(cursor)
