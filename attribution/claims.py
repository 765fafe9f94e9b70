"""Which rule claims which series. Rules read series, never charges, so a change re-decides fast."""

from datetime import date
import hashlib
import json
import re

from django.db import connection, transaction
from django.db.models import F, Q

from aicost.kernel.sqlfiles import sql
from aicost.kernel.targets import DIMENSIONS, FALLBACK, INFERRED, MEASURED, TAGGED
from attribution import vocabulary
from attribution.classify import Seen, fold, look, owns, principal
from attribution.closing.pinned import pinned_aliases, pinned_rule_set
from attribution.models import AllocationRule, RuleSet, SeriesClaim
from attribution.rules.builtin import BUILT_IN
from ingest.models import Alias, ChargeSeries
from ingest.sources.job_names import training_job

# Without statistics on claims just written the planner chooses a nested loop over all of them.
ANALYZE_FROM_CLAIMS = 200
CLAIMS_LOCK = 0xC1A135
SERIES_FIELDS = tuple(
    field.attname for field in ChargeSeries._meta.fields if field.name != "sha256"
)


class BadRule(ValueError):
    """A rule that cannot be evaluated; the message names the rule, the part and the choices."""


def ensure_builtin_rules() -> None:
    """Add a next version of every built-in rule whose text changed; never edit a version."""
    latest: dict[str, AllocationRule] = {}
    for rule in AllocationRule.objects.filter(built_in=True).order_by("version"):
        latest[rule.key] = rule
    fields = ("position", "title", "method", "conditions", "assigns", "then", "fallback")
    for wanted in BUILT_IN:
        have = latest.get(wanted["key"])
        if have and all(getattr(have, name) == wanted[name] for name in fields):
            continue
        AllocationRule.objects.get_or_create(
            key=wanted["key"],
            version=have.version + 1 if have else 1,
            defaults={**wanted, "built_in": True},
        )


def rules_on(day: date) -> list[AllocationRule]:
    """The rule versions in force on a day, in claiming order."""
    valid = AllocationRule.objects.filter(
        Q(valid_from__isnull=True) | Q(valid_from__lte=day),
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
    )
    latest: dict[str, AllocationRule] = {}
    for rule in valid.order_by("version"):
        latest[rule.key] = rule
    enabled = (rule for rule in latest.values() if rule.enabled)
    return sorted(enabled, key=lambda rule: (rule.position, rule.key))


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


def live_rule_set_on(day: date) -> tuple[RuleSet, list[AllocationRule], dict]:
    """The set of a day; its identity covers the rules, aliases and words that shape its claims."""
    rules, aliases = rules_on(day), _aliases_on(day)
    words = vocabulary.digest()
    named = json.dumps([[rule.id for rule in rules], sorted(map(list, aliases.items())), words])
    rule_set, _ = RuleSet.objects.get_or_create(
        sha256=hashlib.sha256(named.encode()).hexdigest(),
        defaults={"rule_ids": [rule.id for rule in rules]},
    )
    return rule_set, rules, aliases


def _value(field: str, series: dict, seen: Seen) -> str:
    if field.startswith("tag:"):
        wanted = fold(field[4:])
        tags = series["tags"] or {}
        return next((str(v) for k, v in sorted(tags.items()) if fold(k) == wanted and v), "")
    if field.startswith("extra:"):
        return str((series["extras"] or {}).get(field[6:], "") or "")
    if field in ("iam_role", "iam_session"):
        return dict(zip(("iam_role", "iam_session"), principal(series), strict=True))[field]
    computed = {
        "instance_time": "yes" if seen.instance_time else "no",
        "api_model": seen.api_model,
        "owner": "yes" if owns(seen.own) else "no",
        "account": series["sub_account_id"] or series["billing_account_id"],
        "service": f"{series['service_name']} {series['service_code']}".strip(),
        "marketplace": "yes" if "marketplace" in json.dumps(series["extras"]).lower() else "no",
        "tags": "yes" if series["tags"] else "",
        "ai": "yes" if seen.is_ai else "no",
        "training_job": job[1] if (job := training_job(series["resource_id"])) else "",
        "training_experiment": seen.own.get("experiment", job[1]) if job else "",
    }
    if field in computed:
        return computed[field]
    if field not in SERIES_FIELDS:
        raise BadRule(f"{field!r} is no field of a series; choose a column, tag:KEY or extra:KEY")
    return str(series[field] if series[field] is not None else "")


def holds(condition: dict, series: dict, seen: Seen) -> bool:
    """Whether one condition holds; names compare without case, spaces, hyphens, underscores."""
    have, op = _value(condition["field"], series, seen), condition["op"]
    if op in ("exists", "absent"):
        return bool(have) == (op == "exists")
    wanted = condition["value"]
    if op == "regex":
        return bool(re.search(wanted, have, re.I))
    if op == "one_of":
        return fold(have) in {fold(str(one)) for one in wanted}
    tests = {
        "is": lambda a, b: a == b,
        "is_not": lambda a, b: a != b,
        "contains": lambda a, b: b in a,
        "starts_with": lambda a, b: a.startswith(b),
    }
    if op not in tests:
        raise BadRule(
            f"unknown comparison {op!r}; choose one_of, regex, exists, {', '.join(tests)}"
        )
    return tests[op](fold(have), fold(str(wanted)))


def _matches(rule: AllocationRule, series: dict, seen: Seen) -> bool:
    """Whether all conditions of a rule hold. Raises `BadRule` naming the rule."""
    try:
        return all(holds(condition, series, seen) for condition in rule.conditions)
    except BadRule as error:
        raise BadRule(f"rule {rule.key}: {error}. Correct or disable it") from error
    except (re.error, KeyError, TypeError, AttributeError) as error:
        told = f"rule {rule.key}: a condition cannot be evaluated ({error!r})"
        raise BadRule(f"{told}. Give field, op and value, and a valid regex") from error


def _assigned(rule: AllocationRule, series: dict, seen: Seen) -> dict[str, str]:
    out = {}
    for name, text in rule.assigns.items():
        if name not in (*DIMENSIONS, "activity"):
            raise BadRule(f"rule {rule.key} assigns {name!r}, which is no dimension")
        if text.startswith("tag:"):
            text = _value(text, series, seen)
        elif text.startswith("field:"):
            text = _value(text[6:], series, seen)
        if text:
            out[name] = text
    return out


def _evidence(rule: AllocationRule, assigned: dict[str, str]) -> str:
    if rule.method in ("gpu_time", "tokens", "requests"):
        return MEASURED
    if rule.method == "unattributed":
        return FALLBACK
    if rule.method == "direct":
        by_tag = any(text.startswith("tag:") for text in rule.assigns.values())
        return TAGGED if by_tag or not owns(assigned) else INFERRED
    return INFERRED


def _kind(rule: AllocationRule, dimensions: dict[str, str]) -> tuple[str, str]:
    if rule.method == "shared":
        return rule.fallback.get("kind", "shared"), rule.fallback["state"]
    if rule.method == "unattributed" or not owns(dimensions):
        return "unattributed", "unclaimed"
    return "workload", "active"


def claim(series: dict, rules: list[AllocationRule], aliases: dict) -> SeriesClaim:
    """The claim on one series: the first rule that matches, and before it the one that holds
    only on days on which telemetry knows the resource."""
    seen = look(series)
    resource_rule = winner = None
    for rule in rules:
        if not _matches(rule, series, seen):
            continue
        if rule.method == "gpu_time":
            resource_rule = resource_rule or rule
            continue
        winner = rule
        break
    if winner is None:
        raise BadRule(
            "no rule claims everything else; add a rule of method unattributed at the end"
        )

    def canonical(dimensions: dict[str, str]) -> dict[str, str]:
        return {name: aliases.get((name, text), text) for name, text in dimensions.items()}

    assigned = canonical(_assigned(winner, series, seen))
    target = {**canonical(seen.own), **assigned}
    kind, state = _kind(winner, target)
    resource_assigned = _assigned(resource_rule, series, seen) if resource_rule else {}
    own = {**canonical(seen.own), **canonical(resource_assigned)}
    own.pop("activity", None)
    return SeriesClaim(
        series_id=series["id"],
        rule=winner,
        resource_rule=resource_rule,
        own=own,
        kind=kind,
        state=state,
        activity=target.pop("activity", "") or seen.activity,
        evidence=_evidence(winner, assigned),
        instance_time=seen.instance_time,
        instance_part=seen.instance_part,
        token_class=seen.token_class,
        tokens_per_unit=seen.tokens_per_unit,
        **target,
    )


def claim_series(source_id: int, day: date, rule_set: RuleSet, rules: list, aliases: dict) -> int:
    """Claim the series charged on a day that this rule set has not seen yet; how many."""
    if not _unclaimed(source_id, day, rule_set):
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:  # another worker may be at the same series
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [CLAIMS_LOCK, rule_set.id])
        ids = _unclaimed(source_id, day, rule_set)
        claims = []
        found = ChargeSeries.objects.filter(id__in=ids).order_by("id").values(*SERIES_FIELDS)
        for series in found:
            one = claim(series, rules, aliases)
            one.rule_set = rule_set
            claims.append(one)
        SeriesClaim.objects.bulk_create(claims, batch_size=2000, ignore_conflicts=True)
    if len(claims) >= ANALYZE_FROM_CLAIMS:
        with connection.cursor() as cursor:
            cursor.execute("analyze attribution_seriesclaim")
    return len(claims)


def _unclaimed(source_id: int, day: date, rule_set: RuleSet) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql("attribution.sql", "unclaimed_series"),
            {"source": source_id, "day": day, "rule_set": rule_set.id},
        )
        return [row[0] for row in cursor.fetchall()]
