"""Rules nobody has written yet: for the largest unattributed series, which one would place them,
why, and how much money that is. Nothing is learnt and nothing guessed: names are compared by
tokens, money by shares, and each suggestion says its evidence."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
import json

from aicost.kernel.money import QUANTUM
from aicost.kernel.periods import Period
from attribution.claims import rules_on
from attribution.models import AllocationRule
from attribution.ruling.conditions import compile_condition
from attribution.ruling.draft import OWN_POSITION
from attribution.ruling.fields import Subject
from attribution.ruling.gather import Evidence, unattributed
from attribution.ruling.hints import STRENGTHS, Hint, hints_of
from attribution.ruling.names import is_random, short_name, stem, tokens
from attribution.ruling.peers import ZERO, account_of
from attribution.ruling.reasons import reason

SHOWN = 50
NAMES_TOLD = 3
RESOURCES_MAX, TITLE_MAX = 100, 200
# What claims by machine: a rule of ours would not come before it.
BY_NODE = ("gpu_time", "pods")


@dataclass(frozen=True)
class Suggestion:
    """One proposed rule, or the reason why there is none (`conditions` and `assigns` are then
    empty). `matching` are conditions to begin a rule with even so. `cost`, `series` and `days` are
    what it would explain, alone: two may explain the same series. `share` is of the period's
    unattributed money in this currency."""

    name: str
    service: str
    account: str
    conditions: tuple[dict, ...]
    assigns: Mapping[str, str]
    position: int
    strength: str
    why: str
    currency: str
    cost: Decimal
    share: Decimal | None
    series: int
    days: int
    first_day: date
    last_day: date
    matching: tuple[dict, ...] = ()
    ids: frozenset[int] = frozenset()

    @property
    def title(self) -> str:
        """What the rule could be called."""
        owner = ", ".join(
            f"{name} by {text}" if text.startswith("tag:") else text
            for name, text in dict.fromkeys(self.assigns.items())
        )
        return f"{self.name} to {owner}"[:TITLE_MAX] if owner else ""

    @property
    def method(self) -> str:
        return "direct"


def suggest(period: Period, basis: str = "effective", shown: int = SHOWN) -> list[Suggestion]:
    """At most `shown` of the dearest unattributed things of a period, by what a rule would
    explain; those without a suggestion stand among them with the reason."""
    rows = unattributed(period, basis)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        totals[row["billing_currency"]] += row["cost"]
    rules = rules_on(period.end)
    open_rows, held, closed = _by_cure(rows)
    evidence = Evidence.gather([*open_rows, *held], period, basis)
    made = _for_the_rest(open_rows, evidence, totals, position_before_rest(rules))
    made += _before_others(held, evidence, totals, rules)
    done = {series for one in made for series in one.ids}
    for group in _groups(row for row in (*open_rows, *held) if row["id"] not in done):
        position = position_before(group[0]["rule"], rules)
        why = reason(group, evidence)
        one = _suggestion(group, totals, position, (), None, why)
        made.append(replace(one, matching=_matching(group)))
    for group in _groups(closed):
        made.append(_suggestion(group, totals, 0, (), None, reason(group, evidence)))
    return sorted(made, key=lambda one: (-abs(one.cost), one.name, one.why))[:shown]


def _for_the_rest(
    rows: Sequence[dict], evidence: Evidence, totals: Mapping[str, Decimal], position: int
) -> list[Suggestion]:
    """Rules for what only the last rule claims: each stands before it and takes all it matches."""
    subjects = {row["id"]: Subject(row) for row in rows}
    made = []
    for hint in dict.fromkeys(filter(None, (_best(row, evidence) for row in rows))):
        conditions, matched = _explained(hint, rows, subjects)
        for some in _by_currency(matched):
            made.append(_suggestion(some, totals, position, conditions, hint))
    return made


def _before_others(
    rows: Sequence[dict],
    evidence: Evidence,
    totals: Mapping[str, Decimal],
    rules: Sequence[AllocationRule],
) -> list[Suggestion]:
    """Rules for what another rule claims without finding an owner. Such a rule has to stand before
    that one, so it names the resources one by one: nothing that has an owner comes with them."""
    found: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        resource = row["resource_id"]
        if not resource or evidence.peers.knows(row, "resource_id", resource):
            continue
        if hint := _best(row, evidence):
            found[hint, row["rule"], row["billing_currency"]].append(row)
    made = []
    for (hint, key, _), some in found.items():
        position = position_before(key, rules)
        names = sorted({row["resource_id"] for row in some})[:RESOURCES_MAX]
        only = {"field": "resource_id", "op": "one_of", "value": names, "exact": True}
        kept = [row for row in some if row["resource_id"] in names]
        why = f"{hint.tell(kept)} It stands before “{kept[0]['rule_title']}”, which claims "
        why += "them and finds no owner."
        made.append(_suggestion(kept, totals, position, (only,), hint, why))
    return made


def position_before(key: str, rules: Sequence[AllocationRule]) -> int:
    """A place between a rule and the one before it; its own where there is no room."""
    at = next((n for n, rule in enumerate(rules) if rule.key == key), None)
    if at is None:
        return OWN_POSITION
    if rules[at].method == "unattributed" and not rules[at].conditions:
        return position_before_rest(rules)
    low = rules[at - 1].position if at else 0
    return max(low + (rules[at].position - low) // 2, 1)


def position_before_rest(rules: Sequence[AllocationRule]) -> int:
    """The place just before the rule that takes everything else, so that a suggested rule claims
    only what no other rule does."""
    for n, rule in enumerate(rules):
        if rule.method == "unattributed" and not rule.conditions:
            before = rules[n - 1].position if n else 0
            return before + max(1, min(50, (rule.position - before) // 2))
    return rules[-1].position + 10 if rules else 0


def _by_cure(rows: Iterable[dict]) -> tuple[list[dict], list[dict], list[dict]]:
    """What only the last rule claims; what another rule claims without finding an owner; and what
    no rule can cure, or somebody left without an owner on purpose."""
    open_rows, held, closed = [], [], []
    for row in rows:
        if row["state"] != "unclaimed" or row["method"] in BY_NODE:
            closed.append(row)
        elif row["method"] != "unattributed":
            held.append(row)
        else:
            (closed if row["rule_conditions"] else open_rows).append(row)
    return open_rows, held, closed


def _best(row: dict, evidence: Evidence) -> Hint | None:
    """The strongest hint of a series, of equally strong ones the most telling kind."""
    hints = hints_of(row, evidence)
    return min(hints, key=lambda hint: STRENGTHS.index(hint.strength), default=None)


def _explained(
    hint: Hint, rows: Sequence[dict], subjects: Mapping
) -> tuple[tuple[dict, ...], list]:
    """The hint's conditions and what they match, by the engine's own test. The first wording that
    matches nothing by chance wins: what is meant holds the hint's name in whole tokens."""
    for conditions in hint.wordings:
        tests = [compile_condition(condition) for condition in conditions]
        matched = [row for row in rows if all(test(subjects[row["id"]]) for test in tests)]
        if matched and all(hint.means(row) for row in matched):
            break
    return conditions, matched


def _by_currency(rows: Iterable[dict]) -> list[list[dict]]:
    found: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        found[row["billing_currency"]].append(row)
    return list(found.values())


def _groups(rows: Iterable[dict]) -> list[list[dict]]:
    """Series of one account, service and cause, with the same tags or, untagged, the same words
    in their names."""
    found: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        alike = json.dumps(row["tags"], sort_keys=True) if row["tags"] else stem(_called(row))
        found[
            row["billing_currency"], account_of(row), row["service_name"], row["state"],
            row["rule"], alike,
        ].append(row)  # fmt: skip
    return list(found.values())


def _suggestion(
    rows: Sequence[dict],
    totals: Mapping[str, Decimal],
    position: int,
    conditions: tuple[dict, ...],
    hint: Hint | None,
    why: str = "",
) -> Suggestion:
    rows = sorted(rows, key=lambda row: (-abs(row["cost"]), row["id"]))
    currency = rows[0]["billing_currency"]
    cost, total = sum((row["cost"] for row in rows), ZERO), totals[currency]
    return Suggestion(
        name=_names(rows),
        service=_one(row["service_name"] for row in rows),
        account=_one(account_of(row) for row in rows),
        conditions=conditions,
        assigns=dict(hint.assigns) if hint else {},
        position=position,
        strength=hint.strength if hint else "",
        why=why or hint.tell(rows) if hint else f"No suggestion, because {why}.",
        currency=currency,
        cost=cost,
        share=(cost / total * 100).quantize(QUANTUM) if total else None,
        series=len({row["id"] for row in rows}),
        days=max(row["days"] for row in rows),
        first_day=min(row["first_day"] for row in rows),
        last_day=max(row["last_day"] for row in rows),
        matching=conditions,
        ids=frozenset(row["id"] for row in rows),
    )


def _matching(rows: Sequence[dict]) -> tuple[dict, ...]:
    """Conditions that begin a rule about these: by resource if all have one, else by account and
    service."""
    names = sorted({row["resource_id"] for row in rows})
    if "" not in names and len(names) <= RESOURCES_MAX:
        if len(names) == 1:
            return ({"field": "resource_id", "op": "is", "value": names[0]},)
        return ({"field": "resource_id", "op": "one_of", "value": names},)
    row = rows[0]
    told = (("account", account_of(row)), ("service_name", row["service_name"]))
    return tuple({"field": name, "op": "is", "value": text} for name, text in told if text)


def _called(row: Mapping) -> str:
    return (
        row["resource_name"]
        or short_name(row["resource_id"])
        or row["charge_description"]
        or row["sku_meter"]
        or row["service_name"]
        or row["charge_category"]
    )


def _names(rows: Sequence[dict]) -> str:
    """One name as it is; of several the dearest ones; of many with ids, what they share."""
    names = list(dict.fromkeys(_called(row) for row in rows))
    if len(names) == 1:
        return names[0]
    shared = {stem(name) for name in names}
    if len(shared) == 1 and (word := shared.pop()) and any(map(is_random, tokens(names[0]))):
        return f"{word}-… ({len(names)} names)"
    told = ", ".join(names[:NAMES_TOLD])
    more = len(names) - NAMES_TOLD
    return f"{told} and {more} more" if more > 0 else told


def _one(texts: Iterable[str]) -> str:
    found = list(dict.fromkeys(text for text in texts if text))
    return found[0] if len(found) == 1 else f"{len(found)} of them" if found else ""
