"""What every change of an entity shares: the refusal, the lock, the history and the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from aicost.accounts.audit import record_all
from aicost.accounts.models import User
from aicost.kernel.money import plain
from aicost.kernel.targets import DIMENSIONS, UPPER
from attribution.models import EntityChange

TARGET_CHANGED = "target_changed"
KINDS = (*DIMENSIONS, *UPPER)
NAME_CHARS_MAX = 300


class EntityRefused(ValueError):
    """What was asked cannot be; nothing is changed. `cure` says what to do."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True)
class By:
    """Who changes something, and why."""

    user: User | None = None
    reason: str = ""


def lock_entities() -> None:
    """Until commit the only one who changes names, parents and aliases."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('attribution: entities', 0))")


def check_name(dimension: str, name: str) -> str:
    """The name without blanks around it. Raises EntityRefused when it cannot be one."""
    if dimension not in KINDS:
        raise EntityRefused(f"{dimension!r} is no kind of name", f"Take one of {', '.join(KINDS)}")
    name = name.strip()
    if not name:
        raise EntityRefused(f"a {dimension} without a name", "Give its name")
    if len(name) > NAME_CHARS_MAX or not is_storable(name):
        raise EntityRefused(
            f"{name[:40]!r} cannot be a name",
            f"Use at most {NAME_CHARS_MAX} characters that can be printed",
        )
    return name


def is_storable(text: str) -> bool:
    """Whether Postgres can keep the text, in columns and in JSON."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def note_change(
    dimension: str, name: str, what: str, before: dict, after: dict, by: By
) -> EntityChange:
    """Keep one change in the history of the name and in the audit trail."""
    return note_changes(dimension, what, [(name, before, after)], by)[0]


def note_changes(
    dimension: str, what: str, changes: Iterable[tuple[str, dict, dict]], by: By
) -> list[EntityChange]:
    """Keep changes (name, before, after) of several names at once."""
    user = by.user if by.user is not None and by.user.is_authenticated else None
    kept = [
        EntityChange(
            by=user, dimension=dimension, name=name, what=what, reason=by.reason,
            before=_told(before), after=_told(after),
        )
        for name, before, after in changes
    ]  # fmt: skip
    record_all(
        user,
        TARGET_CHANGED,
        (
            (
                f"{dimension} {one.name}",
                {"what": what, "before": one.before, "after": one.after, "why": by.reason},
            )
            for one in kept
        ),
    )
    return EntityChange.objects.bulk_create(kept)


def _told(values: dict) -> dict:
    """The values as JSON: decimals and days as text."""
    return {key: _json(value) for key, value in values.items()}


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value
