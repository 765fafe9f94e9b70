"""Names by a part of them. Names only: the money of a name comes from reports."""

from dataclasses import dataclass

from django.db import connection

from aicost.kernel.sqlfiles import sql
from attribution.classify import fold
from attribution.reports.spec import Asker

KINDS = ("model", "feature", "experiment", "team", "customer", "node")
ASKED_MAX = 100
# How well a name fits: it is what was asked, begins with it, or holds it.
EXACT, BEGINS, HOLDS = 0, 1, 2


@dataclass(frozen=True)
class Hit:
    """`title` is '' where nobody gave one, or it says no more than the name; of a node it is what
    the bill calls it. `found` counts the hits of this kind, shown or not."""

    kind: str
    name: str
    title: str
    found: int
    fit: int = HOLDS


def find_names(asker: Asker, asked: str, rows_max: int = 50) -> list[Hit]:
    """What the asker may see of models, features, experiments, teams, customers and GPU nodes in
    whose name or title `asked` stands, whatever its case, spaces, hyphens and underscores; the best
    fitting first, at most `rows_max` of a kind. Nothing asked finds nothing."""
    folded = fold(asked[:ASKED_MAX])
    if not folded:
        return []
    values = {
        "asked": folded,
        "teams": None if asker.teams is None else list(asker.teams),
        "rows_max": rows_max,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "find_names"), values)
        rows = cursor.fetchall()
    return [
        Hit(kind, name, "" if fold(title) == fold(name) else title, found, fit)
        for kind, name, title, fit, found in rows
    ]


def fit_of(text: str, asked: str) -> int | None:
    """How a name of ours fits what was asked, by the same rule; None when it does not."""
    name, part = fold(text), fold(asked[:ASKED_MAX])
    if not part or part not in name:
        return None
    return EXACT if name == part else BEGINS if name.startswith(part) else HOLDS
