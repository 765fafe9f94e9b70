"""What finance people ask, the calls that answer it, and the report that has to say the same.

Of the small company in tests/api/mcp_world.py. The table in docs/mcp.md is made of these: run
`python -m tests.api.mcp_questions` and paste it, which a test checks."""

from dataclasses import dataclass
import json

SEPTEMBER, AUGUST = "September 2026", "August 2026"
EVENING = "2026-09-10"


@dataclass(frozen=True)
class Question:
    """`calls` are (tool, arguments), the last one holds the answer: column `column` of the row of
    `row` in its `where`. `report` are the words of `manage.py report` that answer the same."""

    asked: str
    calls: tuple[tuple[str, dict], ...]
    report: str
    row: dict
    column: str
    where: str = "rows"


def _costs(**arguments) -> tuple[tuple[str, dict]]:
    return (("query_costs", {"period": SEPTEMBER, **arguments}),)


def _units(**arguments) -> tuple[tuple[str, dict]]:
    return (("unit_costs", {"period": SEPTEMBER, **arguments}),)


def _compared(**arguments) -> tuple[tuple[str, dict]]:
    return (("compare_periods", {"period": SEPTEMBER, "against": AUGUST, **arguments}),)


_SEP = "--from 2026-09-01 --to 2026-10-01"
_BOTH = f"{_SEP} --against 2026-08-01:2026-09-01"
_DAY = "--from 2026-09-10 --to 2026-09-11"

QUESTIONS = (
    Question("What did AI cost us in September?", _costs(), f"cost {_SEP}", {}, "cost", "total"),
    Question("Which feature is the most expensive?", _costs(group_by=["feature"]),
             f"cost {_SEP} --group-by feature", {"feature": "search"}, "cost"),
    Question("How much do we pay for capacity nobody uses?", _costs(filters={"kind": "idle"}),
             f"cost {_SEP} --filter kind=idle", {}, "cost", "total"),
    Question("Who owns the idle capacity?", _costs(group_by=["feature"], filters={"kind": "idle"}),
             f"cost {_SEP} --group-by feature --filter kind=idle", {"feature": "search"}, "cost"),
    Question("How much can nobody explain?", _costs(group_by=["kind"]),
             f"cost {_SEP} --group-by kind", {"kind": "unattributed"}, "cost"),
    Question("What does team support spend?", _costs(filters={"team": "support"}),
             f"cost {_SEP} --filter team=support", {}, "cost", "total"),
    Question("What did we spend month by month?",
             (("query_costs", {"period": "August to September 2026", "granularity": "month"}),),
             "cost --from 2026-08-01 --to 2026-10-01 --granularity month",
             {"period": "2026-08-01"}, "cost"),
    Question("Which customer costs us most?", _costs(group_by=["customer"]),
             f"customers {_SEP}", {"customer": "acme"}, "cost"),
    Question("What does acme use?", _costs(group_by=["feature"], filters={"customer": "acme"}),
             f"customers {_SEP} --group-by feature --filter customer=acme",
             {"feature": "assistant"}, "cost"),
    Question("What does the rank model cost? (they do not know its name)",
             (("search_values", {"query": "rank", "dimension": "model"}),
              ("query_costs", {"period": SEPTEMBER, "filters": {"model": "ranker"}})),
             f"cost {_SEP} --filter model=ranker", {}, "cost", "total"),
    Question("What does storage cost?", _costs(group_by=["layer"]),
             f"cost {_SEP} --group-by layer", {"layer": "storage"}, "cost"),
    Question("What do our experiments cost?", _costs(group_by=["experiment"]),
             f"cost {_SEP} --group-by experiment", {"experiment": "tuning"}, "cost"),
    Question("What does search cost with its share of idle, tax and support?",
             _costs(group_by=["feature"], spread_idle=True, spread_shared=True),
             f"cost {_SEP} --group-by feature --idle spread --shared spread",
             {"feature": "search"}, "cost"),
    Question("Which of the provider's services do we pay for?", _costs(group_by=["service"]),
             f"cost {_SEP} --group-by service", {"service": "Computers"}, "cost"),
    Question("What does department Service cost?", _costs(group_by=["department"]),
             f"cost {_SEP} --group-by department", {"department": "Service"}, "cost"),
    Question("How much of it is measured, not guessed?", _costs(group_by=["evidence"]),
             f"cost {_SEP} --group-by evidence", {"evidence": "measured"}, "cost"),
    Question("What does an inference cost?", _units(), f"unit_cost {_SEP}", {},
             "loaded_cost_per_inference", "total"),
    Question("Which model is dearest per inference?", _units(group_by=["model"]),
             f"unit_cost {_SEP} --group-by model", {"model": "chat"},
             "marginal_cost_per_inference"),
    Question("What does one order cost in AI?", _units(group_by=["feature"], per="outcome"),
             f"unit_cost {_SEP} --group-by feature", {"feature": "search"},
             "loaded_cost_per_outcome"),
    Question("What do a million tokens of chat cost?",
             _units(filters={"model": "chat"}, per="million_tokens"),
             f"unit_cost {_SEP} --group-by model --filter model=chat", {"model": "chat"},
             "loaded_cost_per_million_tokens"),
    Question("Did an inference get cheaper since August?",
             (("unit_costs", {"period": "August to September 2026", "granularity": "month",
                              "filters": {"model": "ranker"}}),),
             "unit_cost --from 2026-08-01 --to 2026-10-01 --granularity month --group-by model "
             "--filter model=ranker", {"period": "2026-08-01"}, "loaded_cost_per_inference"),
    Question("Why did the bill change against August?", _compared(),
             f"bridge {_BOTH} --group-by feature", {"feature": "search"}, "delta"),
    Question("Is the assistant dearer because of more use?",
             _compared(filters={"feature": "assistant"}),
             f"bridge {_BOTH} --group-by feature --filter feature=assistant",
             {"feature": "assistant"}, "volume_effect"),
    Question("What is new since August?", _compared(group_by=["experiment"]),
             f"bridge {_BOTH} --group-by experiment", {"experiment": "tuning"}, "new_effect"),
    Question("Which team's cost moved most?", _compared(group_by=["team"]),
             f"cost {_SEP} --group-by team --compare previous --estimates left_out",
             {"team": "relevance"}, "delta"),
    Question("Which feature loses money?", (("margin", {"period": SEPTEMBER}),),
             f"margin {_SEP}", {"feature": "assistant"}, "margin"),
    Question("What is the gross margin of search?",
             (("margin", {"period": SEPTEMBER, "filters": {"feature": "search"}}),),
             f"margin {_SEP} --filter feature=search", {"feature": "search"},
             "gross_margin_percent"),
    Question("Are we within budget?", (("budget_status", {"day": EVENING}),),
             f"budgets {_DAY}", {"name": "All AI"}, "used"),
    Question("When is the budget used up?",
             (("budget_status", {"day": EVENING, "name": "all ai"}),),
             f"budgets {_DAY}", {"name": "All AI"}, "breach_on"),
    Question("When do our prepaid credits run out?", (("budget_status", {"day": EVENING}),),
             f"burn_down {_DAY}", {"name": "Prepaid"}, "runs_out_on", "balances"),
    Question("Where will September end?",
             (("forecast", {"as_of": EVENING, "horizon": "month"}),),
             f"forecast {_DAY}", {"horizon": "month"}, "p50"),
    Question("Where will team support end the quarter?",
             (("forecast", {"as_of": EVENING, "filters": {"team": "support"}}),),
             f"forecast {_DAY} --filter team=support", {"horizon": "quarter"}, "p90"),
    Question("Did anything unusual happen?", (("anomalies", {"period": SEPTEMBER}),),
             f"alerts {_SEP}", {"level": "feature", "name": "search"}, "excess"),
    Question("Up to which day are the bills complete?",
             (("data_freshness", {"period": SEPTEMBER}),),
             f"freshness {_SEP}", {"source": "aws"}, "final_through"),
    Question("Where does the cost of search come from?",
             (("query_costs", {"period": SEPTEMBER, "group_by": ["feature"]}),
              ("explain_number", {"period": SEPTEMBER, "at": {"feature": "search"}})),
             f"cost {_SEP} --group-by feature", {"feature": "search"}, "cost", "explanation"),
)  # fmt: skip


def call_in_words(tool: str, arguments: dict) -> str:
    told = ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
    return f"`{tool}({told})`"


def table() -> str:
    """The table of docs/mcp.md."""
    lines = ["| | Question | Calls | As |", "|---|---|---|---|"]
    for number, one in enumerate(QUESTIONS, 1):
        calls = ", then ".join(call_in_words(*call) for call in one.calls)
        lines.append(f"| {number} | {one.asked} | {calls} | `report {one.report.split()[0]}`, "
                     f"`{one.column}` |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
