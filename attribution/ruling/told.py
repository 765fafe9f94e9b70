"""Rules, plans and previews as lines of text, for the terminal."""

from collections.abc import Sequence
from decimal import Decimal

from attribution.models import AllocationRule
from attribution.ruling.draft import Draft, RuleRefused
from attribution.ruling.edit import Change
from attribution.ruling.preview import Preview
from attribution.ruling.replay.engine import Where
from attribution.ruling.words import summary
from attribution.ruling.yaml_rules import Plan

MOVES_SHOWN = 30


def listed(rules: Sequence[AllocationRule]) -> str:
    lines = []
    for rule in rules:
        state = "" if rule.enabled else " (off)"
        lines.append(f"{rule.position:>6}  {rule.key:<24} {rule.title}{state}")
    return "\n".join(lines)


def shown(versions: Sequence[Change]) -> str:
    """The newest version of a rule. Raises `RuleRefused` if there is none."""
    one = _first(versions)
    rule, draft = one.rule, Draft.of(one.rule)
    days = f"{rule.valid_from or 'the first day'} to {rule.valid_to or 'further notice'}"
    return "\n".join(
        (
            f"{rule.key}, version {rule.version}: {rule.title}{'' if rule.enabled else ' (off)'}",
            f"  place {rule.position}, valid from {days}",
            f"  {summary(draft)}",
            f"  {one.at:%Y-%m-%d %H:%M} by {one.by}: {one.why or 'as we ship it'}",
        )
    )


def history(versions: Sequence[Change]) -> str:
    """All versions, the newest first. Raises `RuleRefused` if there is none."""
    _first(versions)
    lines = []
    for one in versions:
        why = f": {one.why}" if one.why else ""
        lines.append(f"version {one.version}, {one.at:%Y-%m-%d %H:%M}, {one.by}{why}")
        lines += [f"  {change}" for change in one.changes]
    return "\n".join(lines)


def plan(decided: Plan, dry: bool = False) -> str:
    lines = []
    for one in decided.planned:
        lines.append(f"{one.draft.key}: {one.draft.title}")
        lines += [f"  {change}" for change in one.changes]
    count = len(decided.planned)
    will = "would change" if dry else "changed"
    lines.append(f"{count} rule{'s'[: count != 1]} {will}, {decided.unchanged} as they were.")
    if decided.absent:
        lines.append(f"Not in the file and left alone: {', '.join(decided.absent)}.")
    return "\n".join(lines)


def preview(found: Preview) -> str:
    moved = ", ".join(f"{amount:,.2f} {name}" for name, amount in sorted(found.moved().items()))
    lines = [
        f"{found.charges:,} charges of {found.series:,} series: {moved or 'nothing'} would move"
        f" ({found.basis} cost, {found.period.start} to {found.period.end}, excluded)."
    ]
    for one in found.moves[:MOVES_SHOWN]:
        lines.append(f"{one.cost:>16,.2f} {one.currency}  {place(one.start)} → {place(one.end)}")
    if len(found.moves) > MOVES_SHOWN:
        lines.append(f"… and {len(found.moves) - MOVES_SHOWN:,} smaller moves")
    for one in found.totals:
        if one.before != one.after:
            change = f"{_sum(one.before)} → {_sum(one.after)} {one.currency}"
            lines.append(f"{one.dimension} {one.value or 'none'}: {change}")
    if found.not_reached:
        months = ", ".join(f"{month:%Y-%m}" for month in found.not_reached)
        lines.append(f"Not reached, for they are closed: {months}.")
    if found.waiting:
        lines.append(f"{found.waiting} days wait for attribution: their totals are not the newest.")
    return "\n".join(lines)


def place(where: Where) -> str:
    """A target in a few words: its kind where that says more, then what it names."""
    named = [text for text in where[3:] if text]
    kind = f"{where.kind} / {where.state}"
    if where.kind == "workload":
        return ", ".join(named) or kind
    return ", ".join((kind, *named))


def _sum(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _first(versions: Sequence[Change]) -> Change:
    if not versions:
        raise RuleRefused("key", "there is no such rule", "See `manage.py rules list`")
    return versions[0]
