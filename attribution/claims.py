"""Which rule claims which series. Rules read series, never charges, so a change re-decides fast."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
import hashlib
import json

from django.db import connection, transaction
from django.db.models import F, Q

from aicost.kernel.sqlfiles import sql
from attribution import vocabulary
from attribution.closing.pinned import pinned_aliases, pinned_rule_set
from attribution.models import AllocationRule, DayState, RuleSet
from attribution.rules.builtin import BUILT_IN
from attribution.ruling.compiled import CompiledRule, Decider
from attribution.ruling.fields import Subject, series_of
from ingest.models import Alias, Source

# Without statistics on claims just written the planner chooses a nested loop over all of them.
ANALYZE_FROM_CLAIMS = 200
CLAIMS_LOCK = 0xC1A135
COPIED = 10_000


def ensure_builtin_rules() -> None:
    """Add a next version of every built-in rule whose text we changed; never edit a version.

    What people decided stays: a rule they wrote anew is theirs (not `built_in`), and of one that
    they moved or switched off only the text follows ours."""
    versions: dict[str, list[AllocationRule]] = {}
    ours = [wanted["key"] for wanted in BUILT_IN]
    for rule in AllocationRule.objects.filter(key__in=ours).order_by("version"):
        versions.setdefault(rule.key, []).append(rule)
    for wanted in BUILT_IN:
        have = versions.get(wanted["key"])
        if not have:
            _add(wanted, 1)
            continue
        latest = have[-1]
        shipped = next((rule for rule in reversed(have) if rule.created_by_id is None), latest)
        moved = latest.position != shipped.position
        position = latest.position if moved else wanted["position"]
        wanted = {**wanted, "position": position}
        if latest.built_in and any(getattr(latest, name) != wanted[name] for name in wanted):
            kept = ("enabled", "valid_from", "valid_to")
            _add({**wanted, **{name: getattr(latest, name) for name in kept}}, latest.version + 1)


def _add(wanted: dict, version: int) -> None:
    _, is_new = AllocationRule.objects.get_or_create(
        key=wanted["key"], version=version, defaults={**wanted, "built_in": True}
    )
    if is_new:
        try_failed_days()


def try_failed_days() -> None:
    """Days that failed are tried again: the rules that decide them have changed."""
    failed = DayState.objects.exclude(failure="")
    if failed.exists():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql("attribution.sql", "alone"))
            failed.update(failure="")


def governing(day: date, drafted: Sequence[AllocationRule] = ()) -> list[AllocationRule]:
    """The version of each rule that governs a day, switched off or not, in claiming order: the
    newest of those that begin by then. One that has ended has ended: no older version returns.
    `drafted` are versions that come after all there are."""
    return governing_each([day], drafted)[0]


def governing_each(
    days: Sequence[date], drafted: Sequence[AllocationRule] = ()
) -> list[list[AllocationRule]]:
    """`governing` of several days, by one query."""
    known = AllocationRule.objects.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=max(days)))
    versions = [*known.order_by("version"), *drafted]
    found = []
    for day in days:
        begun = [rule for rule in versions if rule.valid_from is None or rule.valid_from <= day]
        latest = {rule.key: rule for rule in begun}.values()
        valid = [rule for rule in latest if rule.valid_to is None or rule.valid_to > day]
        found.append(sorted(valid, key=lambda rule: (rule.position, rule.key)))
    return found


def rules_on(day: date) -> list[AllocationRule]:
    """The rule versions in force on a day, in claiming order."""
    return [rule for rule in governing(day) if rule.enabled]


def _aliases_on(day: date) -> dict[tuple[str, str], str]:
    valid = Alias.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day),
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
    ).order_by(F("valid_from").asc(nulls_first=True), "id")
    return {(alias.dimension, alias.raw): alias.canonical for alias in valid}


def rule_set_on(day: date) -> tuple[RuleSet, list[AllocationRule], dict]:
    """The set by which a day is attributed: of a closed month as pinned, else as rules say now."""
    if (pinned := pinned_rule_set(day)) is None:
        return live_rule_set_on(day)
    known = AllocationRule.objects.in_bulk(pinned.rule_ids)
    return pinned, [known[pk] for pk in pinned.rule_ids], pinned_aliases(day)


def _sha256(named: list) -> str:
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def live_rule_set_on(day: date) -> tuple[RuleSet, list[AllocationRule], dict]:
    """The set of a day; its identity covers the rules, aliases and words that shape its claims."""
    rules, aliases = rules_on(day), _aliases_on(day)
    words = vocabulary.digest()
    names = [sorted(map(list, aliases.items())), words]
    rule_set, _ = RuleSet.objects.get_or_create(
        sha256=_sha256([[rule.id for rule in rules], *names]),
        defaults={"rule_ids": [rule.id for rule in rules], "names_sha256": _sha256(names)},
    )
    return rule_set, rules, aliases


def compiled(rules: Sequence[AllocationRule]) -> list[CompiledRule]:
    """Rules ready to be asked of series, in the same order. Raises `BadRule`."""
    ids: dict[str, int] = {}
    if any(rule.sources for rule in rules):
        ids = dict(Source.objects.values_list("name", "id"))
    return [
        CompiledRule(rule, frozenset(ids.get(name, 0) for name in rule.sources) or None)
        for rule in rules
    ]


def claim_series(source_id: int, day: date, rule_set: RuleSet, rules: list, aliases: dict) -> int:
    """Claim the series charged on a day that this rule set has not seen yet; how many."""
    if not _unclaimed(source_id, day, rule_set):
        return 0
    asked = compiled(rules)
    with vocabulary.steady(), transaction.atomic(), connection.cursor() as cursor:
        # Another worker may be at the same series.
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [CLAIMS_LOCK, rule_set.id])
        ids = _unclaimed(source_id, day, rule_set)
        decider = Decider(asked, aliases)
        for at in range(0, len(ids), COPIED):
            # Postgres writes what is decided while the next is.
            every = _series(ids[at : at + COPIED])
            with cursor.copy(sql("attribution.sql", "copy_claims")) as copy:
                for series in every:
                    one = decider.decide(Subject(series))
                    copy.write_row((rule_set.id, series["id"], *one._replace(own=_own(one.own))))
    if len(ids) >= ANALYZE_FROM_CLAIMS:
        with connection.cursor() as cursor:
            cursor.execute("analyze attribution_seriesclaim")
    return len(ids)


def _series(ids: list[int]) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "series_of_claims"), {"ids": ids})
        return list(series_of(cursor))


@lru_cache(COPIED)
def _own(own: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(own))


def _unclaimed(source_id: int, day: date, rule_set: RuleSet) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql("attribution.sql", "unclaimed_series"),
            {"source": source_id, "day": day, "rule_set": rule_set.id},
        )
        return [row[0] for row in cursor.fetchall()]
