"""Changes of rules: each adds a version with who, when and why; none is ever edited or deleted.

The people who may: `aicost.accounts.scope.may_edit_rules`. Whoever saves a rule that somebody else
changed meanwhile is refused, and told by whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from aicost.accounts.audit import RULE_SAVED, record
from aicost.accounts.models import User
from aicost.accounts.scope import may_edit_rules
from aicost.kernel.sqlfiles import sql
from attribution.claims import governing, try_failed_days
from attribution.models import AllocationRule
from attribution.reports.spec import NotAllowed
from attribution.ruling.draft import LAST, Draft, RuleRefused
from attribution.ruling.validate import POSITION_MAX, POSITION_MIN, TEXT_MAX, check_draft
from attribution.ruling.words import changes
from ingest.connect import is_storable

STEP = 10


@dataclass(frozen=True)
class Change:
    """One version in the history of a rule; `changes` against the version before, in words."""

    rule: AllocationRule
    version: int
    at: datetime
    by: str
    why: str
    changes: tuple[str, ...]


def save(draft: Draft, by: User, why: str) -> AllocationRule:
    """Add the next version of a rule; of a draft that changes nothing, the version there is.

    Raises `RuleRefused` naming part, what and cure; `NotAllowed` by role."""
    refuse_others(by, why)
    check_draft(draft)
    with transaction.atomic():
        alone()
        latest = _latest(draft.key)
        _refuse_stale(draft, latest)
        return _add(draft, latest, by, why)


def switch(
    key: str, enabled: bool, by: User, why: str, valid_from: date | None = None
) -> AllocationRule:
    """Switch a rule on or off, from a day on or altogether. Raises as `save` does."""
    latest = _found(key)
    start = valid_from or latest.valid_from
    return save(Draft.of(latest).but(enabled=enabled, valid_from=start), by, why)


def revert(key: str, version: int, by: User, why: str) -> AllocationRule:
    """Add a version that says what an older one said. Raises as `save` does."""
    old = AllocationRule.objects.filter(key=key, version=version).first()
    if old is None:
        known = ", ".join(str(one.version) for one in history(key))
        cure = f"There are: {known}" if known else "There is no rule of that name"
        raise RuleRefused("version", f"{key} has no version {version}", cure)
    return save(Draft.of(old).but(base=_found(key).version), by, why)


def reorder(keys: Sequence[str], by: User, why: str) -> list[AllocationRule]:
    """Put the rules into the order of `keys` (those not named stay behind the one they stand
    behind); the new versions.

    Only rules that have to move get a version, built-in ones too; "Everything else" stays last.
    Raises as `save` does."""
    refuse_others(by, why)
    with transaction.atomic():
        alone()
        moved = moves({rule.key: rule for rule in newest()}, keys)
        return [
            _add(Draft.of(rule).but(position=position), rule, by, why) for rule, position in moved
        ]


def moves(have: dict[str, AllocationRule], keys: Sequence[str]) -> list[tuple[AllocationRule, int]]:
    """(rule, its new position) of the fewest rules that have to move. Raises `RuleRefused`."""
    for key in keys:
        if key not in have:
            raise RuleRefused("order", f"there is no rule {key!r}", "Load the list again")
    if len(set(keys)) != len(keys):
        raise RuleRefused("order", "a rule is named twice", "Load the list again")
    if LAST in keys and keys[-1] != LAST:
        told = f"{have[LAST].title!r} claims whatever reaches it"
        raise RuleRefused("order", told, "Leave it last")
    order = _complete(have, [key for key in keys if key != LAST])
    staying = _longest_rising([(have[key].position, key) for key in order])
    wanted = _between([have[key].position if key in staying else None for key in order])
    return [
        (have[key], position)
        for key, position in zip(order, wanted, strict=True)
        if have[key].position != position
    ]


def newest() -> list[AllocationRule]:
    """The newest version of every rule, in claiming order, whatever day it is valid from."""
    versions = AllocationRule.objects.select_related("created_by").order_by("version")
    latest = {rule.key: rule for rule in versions}
    return sorted(latest.values(), key=lambda rule: (rule.position, rule.key))


def rules_now(day: date) -> list[AllocationRule]:
    """The version of every rule that governs a day, switched off ones too, in claiming order."""
    return governing(day)


def history(key: str) -> list[Change]:
    """All versions of a rule, the newest first."""
    found: list[Change] = []
    before: Draft | None = None
    versions = AllocationRule.objects.filter(key=key).select_related("created_by")
    for rule in versions.order_by("version"):
        now = Draft.of(rule)
        by = rule.created_by
        name = (by.get_full_name() or by.username) if by else "aicost"
        told = changes(before, now)
        found.append(Change(rule, rule.version, rule.created_at, name, rule.note, told))
        before = now
    return found[::-1]


def refuse_others(by: User, why: str) -> None:
    """Raises `NotAllowed` for who may not change rules, `RuleRefused` without a reason."""
    if not may_edit_rules(by):
        raise NotAllowed("rules are changed by finance, FinOps and admins; ask one of them")
    if not why.strip() or len(why) > TEXT_MAX or not is_storable(why):
        cure = f"Write a few words for those who ask later, at most {TEXT_MAX} characters"
        raise RuleRefused("why", "the reason is missing, too long or no text", cure)


def alone() -> None:
    """Until commit the only one who changes rules."""
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "rules_alone"))


def _latest(key: str) -> AllocationRule | None:
    found = AllocationRule.objects.filter(key=key).select_related("created_by")
    return found.order_by("-version").first()


def _found(key: str) -> AllocationRule:
    latest = _latest(key)
    if latest is None:
        raise RuleRefused("key", f"there is no rule {key!r}", "See `manage.py rules list`")
    return latest


def _refuse_stale(draft: Draft, latest: AllocationRule | None) -> None:
    newest = latest.version if latest else 0
    if draft.base == newest:
        return
    if latest is None:
        raise RuleRefused("version", f"there is no rule {draft.key!r}", "Save it as a new one")
    by = latest.created_by.username if latest.created_by else "aicost"
    told = (
        f"{latest.title!r} has version {newest} since {latest.created_at:%Y-%m-%d %H:%M}, by {by}"
    )
    if draft.base == 0:
        raise RuleRefused("key", told, "Choose another name, or change that rule")
    raise RuleRefused("version", told, "Load the rule again and make your change to that version")


def _add(draft: Draft, latest: AllocationRule | None, by: User, why: str) -> AllocationRule:
    before = Draft.of(latest) if latest else None
    if before and before.says_the_same(draft):
        return latest
    made = AllocationRule.objects.create(
        key=draft.key,
        version=latest.version + 1 if latest else 1,
        built_in=_is_ours(draft),
        note=why.strip(),
        created_by=by,
        **draft.columns(),
    )
    told = {"version": made.version, "why": made.note, "changes": list(changes(before, draft))}
    record(by, RULE_SAVED, draft.key, told)
    try_failed_days()
    return made


def _is_ours(draft: Draft) -> bool:
    """Whether the text is one that we shipped, so that it goes on following ours."""
    kept = {"position": 0, "enabled": True, "valid_from": None, "valid_to": None}
    shipped = AllocationRule.objects.filter(key=draft.key, built_in=True)
    return any(draft.but(**kept).says_the_same(Draft.of(rule).but(**kept)) for rule in shipped)


def _complete(have: dict[str, AllocationRule], keys: list[str]) -> list[str]:
    """The order with the rules it does not name, each behind the one it stands behind now."""
    before = None
    for rule in sorted(have.values(), key=lambda rule: (rule.position, rule.key)):
        if rule.key not in keys and rule.key != LAST:
            keys.insert(keys.index(before) + 1 if before else 0, rule.key)
        before = rule.key
    return keys


def _longest_rising(order: Sequence[tuple[int, str]]) -> set[str]:
    """Keys of the longest part that is in order already (positions may be equal if the keys,
    which decide then, rise)."""
    best: list[tuple[int, int | None]] = []
    for nth, one in enumerate(order):
        before = [(best[at][0], at) for at in range(nth) if order[at] < one]
        length, at = max(before, default=(0, None))
        best.append((length + 1, at))
    at = max(range(len(best)), key=lambda nth: best[nth][0], default=None)
    kept: set[str] = set()
    while at is not None:
        kept.add(order[at][1])
        at = best[at][1]
    return kept


def _between(positions: list[int | None]) -> list[int]:
    """Positions for those that are None between their neighbours; all anew if they do not fit."""
    filled = list(positions)
    at = 0
    while at < len(filled):
        if filled[at] is not None:
            at += 1
            continue
        end = next((n for n in range(at, len(filled)) if filled[n] is not None), len(filled))
        low = filled[at - 1] if at else POSITION_MIN - 1
        high = (
            filled[end] if end < len(filled) else min(low + STEP * (end - at + 1), POSITION_MAX + 1)
        )
        if high - low <= end - at:
            return [STEP * nth for nth in range(1, len(filled) + 1)]
        for nth in range(at, end):
            filled[nth] = low + (high - low) * (nth - at + 1) // (end - at + 1)
        at = end
    return filled
