"""/api/v1/explain: why a figure is what it is, as page and command have it."""

from collections.abc import Mapping

from django.http import HttpResponse

from aicost.api.rest.asking import BASIS, FROM, IDLE, LONG, SHARED, TO
from aicost.api.rest.frame import Resource, document_of, operation
from aicost.api.rest.given import FLAG, Param
from attribution.reports.explain import LINES
from attribution.reports.explain_figures import (
    COLUMNS,
    FIGURES,
    Question,
    answer,
    at_of,
    charge_of,
    document,
)
from attribution.reports.question import question
from attribution.reports.spec import Asker

PARAMS = (
    Param("figure", "Which figure.", choices=tuple(FIGURES), default="cost"),
    FROM,
    TO,
    Param("at", "`dimension:value`, once for each dimension of the row; else the total.",
          repeated=True, example="feature:search"),
    Param("line", "Which line of the table.", choices=tuple(LINES)),
    Param("column", "Of unit_cost.", choices=tuple(COLUMNS)),
    Param("currency", "In several currencies: which one, else the largest."),
    Param("charge", "`DAY:ID`, as the answer's lines name it: whose weights are shown."),
    Param("rows", "1: with the rows of the kept file.", FLAG),
    Param("filter", "`dimension:value`, several.", repeated=True),
    BASIS,
    IDLE,
    SHARED,
    LONG,
)  # fmt: skip


class Explain(Resource):
    @operation(
        "Why a figure is what it is",
        params=PARAMS,
        answers={200: {"type": "object"}},
        operation_id="explain",
        tags=["reports"],
        says="The charges, the rule, the weights and, with `rows`, the rows of the file behind a "
        "figure (docs/reports.md, Why this number).",
    )
    def get(self, request) -> HttpResponse:
        asked = question_of(self.given, self.asker)
        found = document_of(document(asked, answer(asked)))
        found["Cache-Control"] = "no-store"
        return found


def question_of(given: Mapping, asker: Asker) -> Question:
    """Raises BadSpec."""
    at = at_of(list(given["at"]))
    filters: dict[str, tuple[str, ...]] = {}
    for pair in given["filter"]:
        for name, value in at_of([pair], "filter").items():
            filters[name] = (*filters.get(name, ()), value)
    names = ("from", "to", "basis", "idle", "shared", "long")
    told = {name: given[name] for name in names} | {"filters": filters}
    return Question(
        figure=given["figure"],
        spec=question("cost", asker, told),
        at=at,
        line=given["line"] or ("owned" if at else "total"),
        column=given["column"] or "",
        currency=given["currency"] or None,
        charge=charge_of(given["charge"]),
        rows=given["rows"],
    )
