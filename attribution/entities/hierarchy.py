"""What stands above a name of the ledger on a day, resolved to one look-up for reports.

The ledger knows no hierarchy (docs/decisions/0022-hierarchy-at-reading.md): a new parent from a day
on changes what later days are grouped under, and rebuilds nothing of the money."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from aicost.kernel.targets import LEVELS
from attribution.entities.spans import Span, edges_of, joined, value_on
from attribution.models import EntityAbove, EntityParent
from attribution.once import once

Parents = dict[tuple[str, str, str], list[Span[str]]]


def rebuild_above() -> None:
    """Make EntityAbove anew from all parents; a few rows a name."""
    EntityAbove.objects.all().delete()
    parents = parents_of(EntityParent.objects.all())
    EntityAbove.objects.bulk_create(
        (
            EntityAbove(
                level=level,
                dimension=LEVELS[level],
                name=name,
                above=span.value,
                valid_from=span.start,
                valid_to=span.end,
            )
            for level, name, span in resolved(parents)
        ),
        batch_size=2000,
    )


def parents_of(rows: Iterable[EntityParent]) -> Parents:
    """(dimension, name, level) -> spans with the parent's name."""
    found: Parents = defaultdict(list)
    for row in rows:
        found[row.dimension, row.name, row.level].append(
            Span(row.valid_from, row.valid_to, row.parent)
        )
    return found


def resolved(parents: Parents) -> Iterable[tuple[str, str, Span[str]]]:
    """(level of a report, ledger name, span) for every name that has something above it. What a
    name says of itself goes before what follows from its base model or its department."""
    names = sorted({(dimension, name) for dimension, name, _ in parents})
    for level, dimension in LEVELS.items():
        for of, name in names:
            if of == dimension:
                for span in above(parents, level, name):
                    yield level, name, span


def above(parents: Parents, level: str, name: str) -> list[Span[str]]:
    """The spans of one ledger name at one level of reports."""
    if level == "base_model":
        return joined(parents.get(("model", name, "model"), ()))
    if level == "model_family":
        return _through(parents, ("model", name), "model", "model_family")
    if level == "cost_centre":
        return _through(parents, ("team", name), "department", "cost_centre")
    return joined(parents.get((LEVELS[level], name, level), ()))


def _through(parents: Parents, of: tuple[str, str], middle: str, top: str) -> list[Span[str]]:
    """The parent `top` of a name on each day: its own, else that of its parent `middle`."""
    own = parents.get((*of, top), [])
    between = parents.get((*of, middle), [])
    higher = {span.value: parents.get((middle, span.value, top), []) for span in between}
    edges = edges_of([*own, *between, *(one for spans in higher.values() for one in spans)])
    cuts = [None, *edges, None]
    found = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        day = start or date.min
        via = value_on(between, day)
        value = value_on(own, day) or (via and value_on(higher[via], day))
        if value:
            found.append(Span(start, end, value))
    return joined(found)


def cuts_between(levels: Iterable[str], start: date, end: date) -> list[date]:
    """The days inside a period on which something changes at these levels, in order."""
    rows = [row for level in levels for row in _rows_of(level)]
    found = {day for row in rows for day in (row.valid_from, row.valid_to) if day}
    return sorted(day for day in found if start < day < end)


def names_on(level: str, day: date) -> dict[str, str]:
    """ledger name -> what stands above it at this level on the day."""
    return {
        row.name: row.above
        for row in _rows_of(level)
        if (row.valid_from is None or row.valid_from <= day)
        and (row.valid_to is None or row.valid_to > day)
    }


def names_under(level: str, wanted: Iterable[str]) -> set[str] | None:
    """The ledger names that ever stand under one of the wanted names; None when they cannot be
    listed, since '' asks for what has nothing above it."""
    wanted = set(wanted)
    if "" in wanted:
        return None
    under = {row.name for row in _rows_of(level) if row.above in wanted}
    return under | (wanted if level == "base_model" else set())


@once
def _rows_of(level: str) -> list:
    """name, above, valid_from, valid_to: a few rows a name."""
    rows = EntityAbove.objects.filter(level=level).order_by("id")
    return list(rows.values_list("name", "above", "valid_from", "valid_to", named=True))
