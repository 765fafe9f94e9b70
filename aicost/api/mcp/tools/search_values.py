"""search_values: the names that stand in the ledger, by a part of them."""

from django.urls import reverse
from django.utils.http import urlencode
from pydantic import Field

from aicost.api.mcp import asking, base
from aicost.api.mcp.names import CUSTOMER, check_dimensions, nearest, values_of
from aicost.api.mcp.said import Said
from aicost.api.mcp.when import read_period
from attribution.classify import fold
from attribution.entities.find import KINDS, find_names
from attribution.reports import named

# Looked through, beside the names that are found by their titles, when none is named.
ALSO = ("workload", "environment", "product", "department", "cost_centre", "project",
        "model_family", "service", "account", "region", "source")  # fmt: skip


class Arguments(base.Arguments):
    query: base.Text = Field(
        "", description="A part of a name or title; its case, spaces and hyphens do not matter."
    )
    dimension: base.Text = Field(
        "", description="Look only here, for instance model; then an empty query lists the "
        "dearest names."
    )  # fmt: skip
    period: base.Period = Field("last 90 days", description="Around these days.")
    rows_max: base.RowsMax = base.ROWS_SHOWN


def answer(caller: base.Reader, asked: Arguments) -> Said:
    if not asked.query and not asked.dimension:
        raise base.Refused("query", "nothing is asked",
                           "Give a part of a name, or a dimension to list")  # fmt: skip
    if asked.dimension:
        choices = (*named("cost").groups, CUSTOMER)
        check_dimensions("dimension", [asked.dimension], choices)
    rows = _titled(caller, asked) + _held(caller, asked)
    seen: set = set()
    rows = [
        r for r in rows if (key := (r["dimension"], r["name"])) not in seen and not seen.add(key)
    ]
    near = [] if rows else _near(caller, asked)
    return Said(
        _sentence(asked, rows, near),
        None,
        f"{reverse('search')}?{urlencode({'q': asked.query})}",
        ("dimension", "name", "title"),
        [*rows, *near][: asked.rows_max],
        asked.rows_max,
        notes=(
            *((f"{len(rows) - asked.rows_max} more: ask for a longer part of the name",)
              if len(rows) > asked.rows_max else ()),
            "use a name as it is written here in filters of other tools",
            *asking.scope_note(caller),
        ),
    )  # fmt: skip


def _titled(caller: base.Reader, asked: Arguments) -> list[dict]:
    """Names and titles that the search of the pages finds."""
    if not asked.query or asked.dimension not in ("", *KINDS):
        return []
    hits = find_names(caller.asker, asked.query, asked.rows_max)
    return [
        {"dimension": "resource" if hit.kind == "node" else hit.kind, "name": hit.name,
         "title": hit.title}
        for hit in hits
        if asked.dimension in ("", hit.kind)
    ]  # fmt: skip


def _held(caller: base.Reader, asked: Arguments) -> list[dict]:
    """Names that money stands on, the dearest first."""
    period = read_period(asked.period, caller.calendar)
    part = fold(asked.query)
    return [
        {"dimension": dimension, "name": name, "title": ""}
        for dimension in ((asked.dimension,) if asked.dimension else ALSO)
        for name in values_of(caller.asker, dimension, period)
        if part in fold(name)
    ]


def _near(caller: base.Reader, asked: Arguments) -> list[dict]:
    """The names most like one that is not there."""
    period = read_period(asked.period, caller.calendar)
    where = (asked.dimension,) if asked.dimension else ("feature", "model", "team", *ALSO)
    return [
        {"dimension": dimension, "name": name, "title": ""}
        for dimension in where
        for name in nearest(asked.query, values_of(caller.asker, dimension, period))
    ]


def _sentence(asked: Arguments, rows: list[dict], near: list[dict]) -> str:
    where = f" among {asked.dimension}" if asked.dimension else ""
    if rows and not asked.query:
        return f"{len(rows)} names{where} have cost in the last 400 days, the dearest first."
    if rows:
        return f"{len(rows)} names{where} hold {asked.query!r}."
    if near:
        return f"No name{where} holds {asked.query!r}; these are the nearest."
    return f"No name{where} that you may see holds {asked.query!r}."


TOOL = base.Tool(
    "search_values",
    "Names",
    "Finds names of features, models, teams, customers, experiments, services, accounts… by a "
    "part of them, or lists the dearest names of one dimension. Use it before filtering when the "
    "exact spelling is not known, or for 'which models do we use'.",
    Arguments,
    answer,
)
