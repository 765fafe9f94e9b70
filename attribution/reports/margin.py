"""What each feature earns and burns, worst first; what has no feature stands on lines below."""

from decimal import Decimal, localcontext

from aicost.accounts.models import ADMIN, FINANCE, FINOPS
from attribution.reports.base import ALL_GRANULARITIES, ALL_POOLS, Report, binds, fetch, pick
from attribution.reports.spec import SPREAD, Spec

COSTS = ("active_cost", "idle_cost", "api_cost", "training_cost", "other_cost")
LINES = ("owned", "workload", "shared", "idle", "unattributed")
PERCENT_DIGITS = 12
TOLD = "revenue_told"


def columns(spec: Spec) -> tuple[str, ...]:
    spreads = (("idle_spread",) if spec.idle == SPREAD else ()) + (
        ("shared_spread",) if spec.shared == SPREAD else ()
    )
    money = ("cost", "revenue", "margin", "margin_percent")
    return ("period", "feature", "line", "currency") + COSTS + spreads + money


def rows(spec: Spec) -> list[dict]:
    """Revenue nobody told is unknown (None), and so is its margin; a feature that earns but has
    no cost costs 0. Revenue in another currency than the cost stands on a row of its own."""
    return finished(spec, parts(spec))


def parts(spec: Spec) -> list[dict]:
    """What adds up over months and currencies: costs and revenue, and whether it was `told`."""
    untold = {"revenue": Decimal(0), TOLD: 0}
    found = {_key(row): row | untold for row in fetch("margin_cost", binds(spec))}
    for earned in fetch("margin_revenue", binds(spec)):
        line = "owned" if earned["feature"] else "workload"
        key = _key(earned | {"line": line})
        empty = dict.fromkeys((*COSTS, "idle_spread", "shared_spread", "cost"), Decimal(0))
        row = found.setdefault(key, empty | earned | {"line": line})
        row |= {"revenue": earned["revenue"], TOLD: 1}
    return list(found.values())


def finished(spec: Spec, found: list[dict]) -> list[dict]:
    """The rows of the report, from the sums of `parts`."""
    kept = [_with_margin(row) for row in found if not _gave_all(row)]
    return pick(sorted(kept, key=_worst_first), columns(spec))


def _key(row: dict) -> tuple:
    return row["period"], row["feature"], row["line"], row["currency"]


def _gave_all(row: dict) -> bool:
    """A pool that was spread whole has no line of its own left."""
    given = row["idle_spread"] or row["shared_spread"]
    return bool(row["line"] in ("idle", "shared") and given and not row["cost"])


def _with_margin(row: dict) -> dict:
    revenue = row["revenue"] if row[TOLD] else None
    margin = None if revenue is None else revenue - row["cost"]
    percent = None
    if revenue is not None and revenue > 0:
        with localcontext() as context:
            context.prec = PERCENT_DIGITS
            percent = margin / revenue * 100
    return row | {"revenue": revenue, "margin": margin, "margin_percent": percent}


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
