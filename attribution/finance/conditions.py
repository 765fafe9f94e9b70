"""Conditions of the finance tables: one cell of text against one value of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache

from aicost.kernel.periods import month_start
from attribution.classify import fold

NOT_SET = "(none)"
NOT = "!"
# Cells and names that are known at once: few cells meet every name of the ledger.
_PAIRS_KEPT = 50_000


@cache
def _parsed(cell: str) -> tuple[bool, tuple[str, ...]]:
    """(whether it excludes, the folded values)."""
    text = cell.strip()
    excludes = text.startswith(NOT)
    values = (part.strip() for part in text.removeprefix(NOT).split(","))
    return excludes, tuple("" if v == NOT_SET else fold(v) for v in values if v)


@lru_cache(_PAIRS_KEPT)
def holds(cell: str, value: str | None) -> bool:
    """Whether a value meets a cell: '' any; 'a, b' one of these; '!a, b' none of these; '(none)'
    not set; '*' stands for any letters. Case, spaces, hyphens and underscores do not count."""
    excludes, wanted = _parsed(cell)
    if not wanted:
        return True
    told = fold(value or "")
    found = any(fnmatchcase(told, one) if one else not told for one in wanted)
    return found is not excludes


@dataclass(frozen=True)
class Ordered:
    """Rows of a table of which the first that matches decides. `by` are its condition columns."""

    rows: tuple[Mapping[str, str], ...]
    by: tuple[str, ...]

    @property
    def asked(self) -> tuple[str, ...]:
        """The condition columns that some row uses, in the order of `by`."""
        return tuple(name for name in self.by if any(row.get(name) for row in self.rows))

    @property
    def dated(self) -> bool:
        return any(row.get("valid_from") or row.get("valid_to") for row in self.rows)

    @cached_property
    def _told(self) -> tuple[tuple[Mapping[str, str], tuple[tuple[str, str], ...]], ...]:
        """Each row with the conditions it has."""
        return tuple(
            (row, tuple((name, row[name]) for name in self.by if row.get(name)))
            for row in self.rows
        )

    @cached_property
    def _by_month(self) -> dict[date, list]:
        return {}

    def _in(self, month: date) -> list:
        """The rows in force in the month, looked up once."""
        if month not in self._by_month:
            self._by_month[month] = [one for one in self._told if in_force(one[0], month)]
        return self._by_month[month]

    def match(self, values: Mapping[str, object], month: date) -> Mapping[str, str] | None:
        """The first row in force in the month whose conditions all hold, or None."""
        for row, cells in self._in(month):
            for name, cell in cells:
                if not holds(cell, str(values.get(name) or "")):
                    break
            else:
                return row
        return None

    def first(self, values: Mapping[str, object], month: date) -> Mapping[str, str]:
        """As `match`, of a checked table whose last row matches everything, so there is one."""
        found = self.match(values, month)
        if found is None:
            raise LookupError(f"no row of the table decides about {dict(values)}")
        return found


def ordered(rows: Sequence[Mapping[str, str]], by: Sequence[str]) -> Ordered:
    return Ordered(tuple(rows), tuple(by))


def in_force(row: Mapping[str, str], month: date) -> bool:
    """Whether a row holds in a month: dates of a table are first days of months."""
    first = month_start(month).isoformat()
    start, end = row.get("valid_from", ""), row.get("valid_to", "")
    return (not start or start <= first) and (not end or first < end)
