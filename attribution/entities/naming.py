"""Other names for the same thing, with their days: rename, merge, separate again.

`ingest.models.Alias` is the store; the ledger keeps raw names where they were measured and applies
aliases when a day is attributed, so a change marks its days dirty and they are attributed anew.
Days of a closed month are not reached: closing pins the aliases it was closed with. One look-up is
enough on every day: whatever pointed at a renamed name points at the new one from then on, and an
alias of an alias is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.db import transaction

from aicost.kernel.periods import utc_today
from aicost.kernel.targets import DIMENSIONS, PARENTS, UPPER
from attribution.entities.carry import carry_over
from attribution.entities.changes import (
    By,
    EntityRefused,
    check_name,
    lock_entities,
    note_changes,
)
from attribution.entities.registry import Dates, check_dates, entity_of, save_details, set_parent
from attribution.entities.spans import Span, joined, overlap, overwritten, told, without
from attribution.models import EntityParent
from attribution.models.entities import ACTIVE, RETIRED
from ingest.maps import mark_map_changed
from ingest.models import Alias


def spans_of(dimension: str, raw: str) -> list[Span[str]]:
    """What a raw name is called, in order; where rows overlap the one that begins later holds."""
    return _spans_of_all(dimension, [raw])[raw]


def _spans_of_all(dimension: str, raws: Iterable[str]) -> dict[str, list[Span[str]]]:
    found: dict[str, list[Span[str]]] = {raw: [] for raw in raws}
    rows = Alias.objects.filter(dimension=dimension, raw__in=found)
    for row in sorted(rows, key=lambda row: (row.valid_from or date.min, row.pk)):
        one = Span(row.valid_from, row.valid_to, row.canonical)
        found[row.raw] = overwritten(found[row.raw], one)
    return found


def raws_of(dimension: str, name: str) -> list[str]:
    """The raw names that were ever called by this name, in order."""
    rows = Alias.objects.filter(dimension=dimension, canonical=name)
    return sorted(set(rows.values_list("raw", flat=True)))


@transaction.atomic
def merge(
    dimension: str, names: Iterable[str], into: str, by: By, day: date | None = None
) -> list[str]:
    """Several names become one from a day on, or for all time; the names that changed."""
    return [name for name in names if rename(dimension, name, into, by, (day, None))]


@transaction.atomic
def rename(dimension: str, old: str, new: str, by: By, dates: Dates = (None, None)) -> bool:
    """Call `old` by the name `new` on the days of `dates` (half-open, None open); what was called
    `old` follows. A name above names (a product, a department) is renamed where it stands above.
    What is said of `old` is said of `new`, unless `new` has words of its own. True if that changed
    anything. Raises EntityRefused, and then nothing changed."""
    old, new = check_name(dimension, old), check_name(dimension, new)
    check_dates(dates)
    if old == new:
        raise EntityRefused(f"{old} is its name already", "Give another name")
    lock_entities()
    changed = _move_children(dimension, old, new, by, dates)
    if dimension in DIMENSIONS:
        changed = _alias(dimension, old, new, by, dates) or changed
    if changed or dimension in UPPER:
        changed = carry_over(dimension, old, new, by, dates) or changed
    if changed and dates[1] is None:
        _retire(dimension, old, new, by, dates[0])
    return changed


@transaction.atomic
def separate(dimension: str, raw: str, by: By, day: date | None = None) -> bool:
    """Let a raw name be itself again from a day on, or for all time. Raises EntityRefused when it
    is called by no other name then."""
    raw = check_name(dimension, raw)
    lock_entities()
    old = spans_of(dimension, raw)
    new = overwritten(old, Span(day, None, None))
    if old == new:
        raise EntityRefused(
            f"{raw} is called by no other name{f' from {day} on' if day else ''}",
            "See the names on the page of what it belongs to",
        )
    _write(dimension, {raw: (old, new)}, by)
    entity = entity_of(dimension, raw)
    if entity is not None and entity.status == RETIRED:
        save_details(dimension, raw, {"status": ACTIVE, "retired_on": None}, by)
    return True


def _alias(dimension: str, old: str, new: str, by: By, dates: Dates) -> bool:
    """Point `old` and all that is called `old` at `new` on these days."""
    own = spans_of(dimension, old)
    for span in own:
        if span.value != new and overlap((span.start, span.end), dates):
            raise EntityRefused(
                f"{old} is itself another name of {span.value} {_days(span)}",
                f"Rename {span.value}, or separate {old} first",
            )
    for span in spans_of(dimension, new):
        if span.value != old and overlap((span.start, span.end), dates):
            raise EntityRefused(
                f"{new} is itself another name of {span.value} {_days(span)}",
                f"Take {span.value} as the name, or separate {new} first",
            )
    moved = {old: (own, overwritten(own, Span(*dates, new)))}
    for raw, spans in _spans_of_all(dimension, raws_of(dimension, old)).items():
        after = spans
        for span in spans:
            shared = overlap((span.start, span.end), dates)
            if span.value == old and shared is not None:
                after = overwritten(after, Span(*shared, None if raw == new else new))
        moved[raw] = (spans, after)
    return _write(dimension, moved, by)


def _write(dimension: str, moved: Mapping[str, tuple[list[Span], list[Span]]], by: By) -> bool:
    """Keep the spans of raw names (before, after), mark the days that differ, remember both."""
    told_of = {raw: (joined(old), joined(new)) for raw, (old, new) in moved.items()}
    differ = {raw: both for raw, both in told_of.items() if both[0] != both[1]}
    if not differ:
        return False
    Alias.objects.filter(dimension=dimension, raw__in=differ).delete()
    Alias.objects.bulk_create(
        Alias(
            dimension=dimension,
            raw=raw,
            canonical=span.value,
            valid_from=span.start,
            valid_to=span.end,
        )
        for raw, (_, new) in differ.items()
        for span in new
    )
    days = {
        (one.start, one.end)
        for old, new in differ.values()
        for one in (*without(old, new), *without(new, old))
    }
    mark_map_changed(*(Alias(valid_from=start, valid_to=end) for start, end in days))
    _remember(dimension, differ, by)
    return True


def _remember(dimension: str, differ: Mapping[str, tuple[list[Span], list[Span]]], by: By) -> None:
    """One line in the history of every name that is, was or will be meant."""
    about: dict[str, list[str]] = {}
    for raw, (old, new) in differ.items():
        for name in {raw, *(span.value for span in (*old, *new))}:
            about.setdefault(name, []).append(raw)
    changes = (
        (
            name,
            {raw: told(differ[raw][0]) for raw in raws},
            {raw: told(differ[raw][1]) for raw in raws},
        )
        for name, raws in sorted(about.items())
    )
    note_changes(dimension, "alias", changes, by)


def _move_children(dimension: str, old: str, new: str, by: By, dates: Dates) -> bool:
    """What stood below `old` on these days stands below `new`."""
    changed = False
    below = EntityParent.objects.filter(level=dimension, parent=old).order_by("id")
    for row in list(below):
        shared = overlap((row.valid_from, row.valid_to), dates)
        if shared is not None and (row.dimension, row.name) != (dimension, new):
            changed = set_parent(row.dimension, row.name, dimension, new, by, shared) or changed
    if dimension in PARENTS.get(dimension, ()):
        loop = EntityParent.objects.filter(dimension=dimension, level=dimension, name=new)
        for row in list(loop.filter(parent__in=(old, new))):
            shared = overlap((row.valid_from, row.valid_to), dates)
            if shared is not None:
                changed = set_parent(dimension, new, dimension, "", by, shared) or changed
    return changed


def _retire(dimension: str, old: str, new: str, by: By, day: date | None) -> None:
    entity = entity_of(dimension, old)
    if entity is None or entity.status == RETIRED or (day and day > utc_today()):
        return
    why = By(by.user, f"renamed to {new}. {by.reason}".strip())
    save_details(dimension, old, {"status": RETIRED, "retired_on": day}, why)


def _days(span: Span) -> str:
    last = span.end and span.end - timedelta(days=1)
    if span.start and last:
        return f"from {span.start} to {last}"
    return f"from {span.start} on" if span.start else f"until {last}" if last else "for all time"
