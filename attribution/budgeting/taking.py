"""Rows of a small table, taken all or not at all, with every fault by its line and its cure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from attribution.entities.changes import EntityRefused
from attribution.tablefile import PROBLEMS_MAX, BadTable, Problem

ADDED, CHANGED, REMOVED, SAME = "added", "changed", "removed", ""
Rows = Sequence[tuple[int, Mapping[str, str]]]


@dataclass(frozen=True)
class Taken:
    """How many rows of `what` the file has, and what they did."""

    what: str
    rows: int
    added: int
    changed: int
    removed: int

    def __str__(self) -> str:
        return (f"{self.rows} rows: {self.added} {self.what} added, {self.changed} changed, "
                f"{self.removed} removed")  # fmt: skip


def take_all(what: str, rows: Rows, take: Callable[[Mapping[str, str]], str]) -> Taken:
    """`take` says of a row what it did, or raises EntityRefused. Raises BadTable naming every line
    that cannot be taken; then nothing is changed."""
    problems: list[Problem] = []
    did = dict.fromkeys((ADDED, CHANGED, REMOVED, SAME), 0)
    with transaction.atomic():
        for line, cells in rows:
            try:
                with transaction.atomic():
                    did[take(cells)] += 1
            except EntityRefused as error:
                problems.append(Problem(line, str(error), error.cure))
        if problems:
            raise BadTable(problems[:PROBLEMS_MAX])
    return Taken(what, len(rows), did[ADDED], did[CHANGED], did[REMOVED])


def each_once(rows: Rows, key: Sequence[str], cure: str) -> Rows:
    """The rows, no two of one key. Raises BadTable naming both lines."""
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in rows:
        told = tuple(cells.get(name, "") for name in key)
        if told in seen:
            text = f"{' '.join(told)} stands already on line {seen[told]}"
            raise BadTable([Problem(line, text, cure)])
        seen[told] = line
    return rows
