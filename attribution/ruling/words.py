"""A rule, and what changed in it, in words."""

from collections.abc import Mapping, Sequence

from attribution.rules import RULES
from attribution.ruling.conditions import OPS
from attribution.ruling.draft import TOLD, Draft

_METHODS = {method.method_id: method.title for method in RULES}
_NAMES = {
    "title": "Title",
    "position": "Place",
    "sources": "Sources",
    "method": "Method",
    "assigns": "Target",
    "then": "Then",
    "fallback": "Where nothing weighs",
    "options": "Options",
    "valid_from": "Valid from",
    "valid_to": "Valid until",
}


def condition(told: Mapping) -> str:
    """One condition: `service is one of S3, EBS (exactly)`."""
    value = told.get("value", "")
    shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
    field = str(told.get("field", ""))
    name = field if ":" in field else field.replace("_", " ")
    op = OPS.get(told.get("op", "is"), str(told.get("op", "")))
    return f"{name} {op} {shown}{' (exactly)' if told.get('exact') else ''}".strip()


def changes(old: Draft | None, new: Draft) -> tuple[str, ...]:
    """What is different in the new one, a line each; empty when nothing is."""
    if old is None:
        return (f"New: {new.title}",)
    lines: list[str] = []
    for name in TOLD:
        before, after = getattr(old, name), getattr(new, name)
        if name == "enabled" and before != after:
            lines.append("Switched on" if after else "Switched off")
        elif name == "conditions":
            lines += _conditions(before, after)
        elif isinstance(before, Mapping) or isinstance(after, Mapping):
            lines += _mapping(_NAMES[name], dict(before), dict(after))
        elif _shown(before) != _shown(after):
            lines.append(f"{_NAMES[name]}: {_shown(before)} → {_shown(after)}")
    return tuple(lines)


def summary(draft: Draft) -> str:
    """What a rule does, in one line: its conditions, then where the money goes."""
    where = " and ".join(map(condition, draft.conditions)) or "every series"
    of = f" of {', '.join(draft.sources)}" if draft.sources else ""
    target = ", ".join(f"{name} {text}" for name, text in draft.assigns.items())
    if draft.method == "shared":
        target = f"{draft.fallback.get('kind', 'shared')} / {draft.fallback.get('state', '')}"
    method = _METHODS.get(draft.method, draft.method)
    return f"{where}{of}: {method}{f' → {target}' if target else ''}"


def _conditions(before: Sequence[Mapping], after: Sequence[Mapping]) -> list[str]:
    if list(before) == list(after):
        return []
    had, has = [condition(one) for one in before], [condition(one) for one in after]
    gone = [f"No longer: {one}" for one in had if one not in has]
    added = [f"Only if: {one}" for one in has if one not in had]
    return [*gone, *added] or ["Conditions in another order"]


def _mapping(name: str, before: dict, after: dict) -> list[str]:
    keys = [*before, *(key for key in after if key not in before)]
    return [
        f"{name}, {key}: {_shown(before.get(key))} → {_shown(after.get(key))}"
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "all"
    return "none" if value in (None, "") else str(value)
