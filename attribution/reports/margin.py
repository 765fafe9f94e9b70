"""What each feature earns and burns, worst first; what has no feature stands on lines below.

Gross margin is revenue less cost of revenue, by the cost classes of finance; `margin` is what is
left after all other AI cost, research and development above all."""

from dataclasses import replace
from decimal import Decimal, localcontext

from aicost.accounts.models import ADMIN, FINANCE, FINOPS
from attribution.finance.shapes import COST_OF_REVENUE, RESEARCH
from attribution.reports.base import ALL_GRANULARITIES, ALL_POOLS, Report, pick
from attribution.reports.classed import CLASS, standing_classed
from attribution.reports.cost import gave_all
from attribution.reports.revenue import revenue_rows
from attribution.reports.spec import LAYER, LEFT_OUT, SPREAD, Spec

KEY = ("period", "feature", "line", "currency")
CLASS_COLUMNS = {COST_OF_REVENUE: "cost_of_revenue", RESEARCH: "research_cost"}
BY_CLASS = ("cost_of_revenue", "research_cost", "other_class_cost")
COSTS = ("active_cost", "idle_cost", "api_cost", "training_cost", "other_cost")
LINES = ("owned", "workload", "shared", "idle", "unattributed")
PERCENT_DIGITS = 12
TOLD = "revenue_told"
MODEL_API = "model_api"


def columns(spec: Spec) -> tuple[str, ...]:
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    money = ("cost", *BY_CLASS, "revenue", "gross_margin", "gross_margin_percent")
    left = ("margin", "margin_percent")
    return ("period", "feature", "line", "currency") + COSTS + spreads + money + left


def rows(spec: Spec) -> list[dict]:
    """Revenue nobody told is unknown (None), and so is its margin; a feature that earns but has
    no cost costs 0. Revenue in another currency than the cost stands on a row of its own."""
    return finished(spec, parts(spec))


def parts(spec: Spec) -> list[dict]:
    """What adds up over months and currencies: costs and revenue, and whether it was `told`."""
    found: dict[tuple, dict] = {}
    question = replace(spec, group_by=("feature",), estimates=LEFT_OUT)
    for row in standing_classed(question, ("kind", "activity", LAYER)):
        key = _key(row)
        if (into := found.get(key)) is None:
            into = found[key] = dict(zip(KEY, key, strict=True)) | _nothing()
        into[_column(row)] += row["cost"] - row["idle_spread"] - row["shared_spread"]
        into[_class_column(row)] += row["cost"]
        for name in ("idle_spread", "shared_spread", "cost"):
            into[name] += row[name]
    for earned in revenue_rows(spec):
        line = "owned" if earned["feature"] else "workload"
        key = _key(earned | {"line": line})
        row = found.setdefault(key, _nothing() | earned | {"line": line})
        row |= {"revenue": earned["revenue"], TOLD: 1}
    return list(found.values())


def finished(spec: Spec, found: list[dict]) -> list[dict]:
    """The rows of the report, from the sums of `parts`."""
    kept = [_with_margin(row) for row in found if not gave_all(row)]
    return pick(sorted(kept, key=_worst_first), columns(spec))


def _nothing() -> dict:
    names = (*COSTS, *BY_CLASS, "idle_spread", "shared_spread", "cost", "revenue")
    return dict.fromkeys(names, Decimal(0)) | {TOLD: 0}


def _column(row: dict) -> str:
    """The column its own cost stands in. A service that bills by tokens is a model API."""
    if row["kind"] == "idle":
        return "idle_cost"
    if row["kind"] != "workload":
        return "other_cost"
    if row["activity"] == "inference":
        return "api_cost" if row[LAYER] == MODEL_API else "active_cost"
    trains = row["activity"] in ("training", "experimentation")
    return "training_cost" if trains else "other_cost"


def _class_column(row: dict) -> str:
    return CLASS_COLUMNS.get(row[CLASS], "other_class_cost")


def _key(row: dict) -> tuple:
    return row["period"], row["feature"], row["line"], row["currency"]


def _with_margin(row: dict) -> dict:
    revenue = row["revenue"] if row[TOLD] else None
    found = row | {"revenue": revenue}
    for name, cost in (("gross_margin", row["cost_of_revenue"]), ("margin", row["cost"])):
        found[name] = None if revenue is None else revenue - cost
        found[f"{name}_percent"] = _percent(found[name], revenue)
    return found


def _percent(margin: Decimal | None, revenue: Decimal | None) -> Decimal | None:
    if margin is None or revenue is None or revenue <= 0:
        return None
    with localcontext() as context:
        context.prec = PERCENT_DIGITS
        return margin / revenue * 100


def _worst_first(row: dict) -> tuple:
    """Features by margin, then those without revenue by cost, then the lines below."""
    rank = row["margin"] if row["margin"] is not None else -row["cost"]
    unknown = row["margin"] is None
    return row["period"], LINES.index(row["line"]), unknown, rank, row["feature"], row["currency"]


REPORT = Report(
    name="margin",
    title="Margin",
    rows=rows,
    columns=columns,
    filters=("feature",),
    granularities=ALL_GRANULARITIES,
    pools=ALL_POOLS,
    measure="margin",
    roles=(FINANCE, FINOPS, ADMIN),
    whole_company=True,
    converts=True,
    parts=parts,
    finished=finished,
)
