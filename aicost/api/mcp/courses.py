"""Courses of time that fit into a model's context: the smallest names are one row a step."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from aicost.api.mcp.said import summed

ROWS_MAX = 60
ZERO = Decimal(0)


def course_of(rows: Sequence[Mapping], names: Sequence[str], names_max: int) -> list[dict]:
    """The rows of the dearest names, and for each step and currency one row that the others sum
    to, so that every step still adds up. `names` are the columns that name a row."""
    steps = {row["period"] for row in rows}
    keys = {tuple(row[name] for name in names) for row in rows}
    if len(rows) <= ROWS_MAX and len(keys) <= names_max:
        return list(rows)
    worth = dict.fromkeys(keys, ZERO)
    for row in rows:
        worth[tuple(row[name] for name in names)] += abs(row["cost"] or 0)
    keep = max(1, min(names_max, ROWS_MAX // len(steps)) - 1)
    kept = set(sorted(worth, key=lambda key: (-worth[key], str(key)))[:keep])
    if len(kept) == len(keys):
        return list(rows)
    found, rest = [], {}
    for row in rows:
        if tuple(row[name] for name in names) in kept:
            found.append(row)
        else:
            rest.setdefault((row["period"], row["currency"]), []).append(row)
    for (period, _), left in rest.items():
        [sums] = summed(left, ("cost",))
        called = dict.fromkeys(left[0]) | {"period": period, names[0]: f"{len(keys - kept)} others"}
        found.append(called | sums)
    return sorted(found, key=lambda row: (row["period"], -(row["cost"] or 0)))
