"""explain_number: why a figure is what it is, down to charges, rule, weights and counts."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from aicost.api.mcp import asking, base, links
from aicost.api.mcp.names import checked_filters
from aicost.api.mcp.said import BYTES_MAX, Said, as_json, bytes_of, span_of
from aicost.api.mcp.when import read_period
from attribution.reports.explain import LINES
from attribution.reports.explain_figures import COLUMNS, FIGURES, Question, charge_of, document
from attribution.reports.explain_figures import answer as explained
from attribution.reports.spec import Spec

ITEMS = (12, 8, 5, 3, 2, 1)
# Said once for the whole answer, or of no use without it.
TOLD_ABOVE = ("trust", "sentence", "question", "explains", "currency")
AGAIN = ("chosen",)


class Arguments(base.Arguments):
    period: base.Period
    at: dict[base.Text, base.Text] = Field(
        default_factory=dict,
        max_length=base.FILTERS_MAX,
        description='The row of the figure: {"feature": "search"}; "" is not set. Empty: the '
        "total. For reconciliation: source and billing_period.",
    )
    figure: Literal[tuple(FIGURES)] = Field(
        "cost", description="Which figure; unit_cost takes `column`."
    )
    line: Literal[("", *LINES)] = Field(
        "", description="The line of the row in query_costs: owned, idle, shared, unattributed…"
    )
    column: Literal[("", *COLUMNS)] = Field(
        "", description="Of unit_cost, for instance loaded_cost_per_inference."
    )
    filters: base.Filters = Field(default_factory=dict)
    basis: Literal["effective", "billed"] = "effective"
    charge: base.Text = Field(
        "", description="Show the weights of this charge, as day:charge_id of a line."
    )
    file_rows: bool = Field(False, description="With the rows of the bill's file, where kept.")


def answer(caller: base.Reader, asked: Arguments) -> Said:
    period = read_period(asked.period, caller.calendar)
    filters = checked_filters(caller, "cost", asked.filters, period)
    spec = Spec("cost", period, caller.asker, filters=filters, basis=asked.basis)
    question = Question(
        asked.figure,
        spec,
        _at(caller, asked, spec),
        asked.line or ("owned" if asked.at else "total"),
        asked.column,
        charge=charge_of(asked.charge or None),
        rows=asked.file_rows,
        with_charge=asked.figure == "cost",
    )
    found = explained(question)
    told = document(question, found)
    pairs = {
        "figure": question.figure,
        "at": [f"{name}:{value}" for name, value in question.at.items()],
        "line": question.line,
        "column": question.column,
        "charge": asked.charge,
    }
    path = links.why(pairs, spec)
    about = {
        "report": f"explain {question.figure}",
        "period": span_of(period),
        "currency": told.get("currency"),
        "status": "final" if found.trust.final else "not final",
        "as_of": as_json(found.trust.as_of),
        "residual": as_json(found.trust.residual),
    }
    notes = ("parts add up to the figure exactly; decimals are exact", *asking.scope_note(caller))
    return Said(told["sentence"], None, path, (), (), notes=notes,
                extra=about | {"explanation": _fitting(told)})  # fmt: skip


def _at(caller: base.Reader, asked: Arguments, spec: Spec) -> dict[str, str]:
    """The row by names as the ledger writes them; bills are named by words of their own."""
    if asked.figure == "reconciliation":
        return dict(asked.at)
    told = {name: [value] for name, value in asked.at.items()}
    return {k: v[0] for k, v in checked_filters(caller, "cost", told, spec.period, "at").items()}


def _fitting(told: Mapping) -> dict:
    """The explanation with lists as long as fit into an answer."""
    body = {name: value for name, value in told.items() if name not in TOLD_ABOVE}
    for most in ITEMS:
        made = _pruned(body, most, top=True)
        if bytes_of(made) <= BYTES_MAX * 3 // 4:
            return made
    return {name: value for name, value in made.items() if not isinstance(value, (list, dict))}


def _pruned(value: object, most: int, top: bool = False) -> object:
    """Without what is not set, and with the first `most` of each list."""
    if isinstance(value, Mapping):
        kept = {
            name: _pruned(one, most)
            for name, one in value.items()
            if one not in (None, "", [], {}) and (top or name not in (*AGAIN, *TOLD_ABOVE))
        }
        return kept
    if isinstance(value, list):
        kept = [_pruned(one, most) for one in value[:most]]
        return kept + [f"{len(value) - most} more"] if len(value) > most else kept
    if isinstance(value, str) and len(value) > base.TEXT_CHARS_MAX:
        return f"{value[: base.TEXT_CHARS_MAX]}…"
    return value


TOOL = base.Tool(
    "explain_number",
    "Why is it this number",
    "Why a figure is what it is: the charges of the bill, the rule that placed them, the weights "
    "it was split by, telemetry and calls that were counted, the price; of a unit cost the money "
    "above and the counts below the line. Use it after another tool for 'where does this number "
    "come from', 'why does search cost $60', 'can you prove it'.",
    Arguments,
    answer,
)
