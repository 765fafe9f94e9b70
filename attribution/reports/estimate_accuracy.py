"""Estimate / bill by provider, model and token class: how far the estimates can be trusted."""

from collections.abc import Iterable
from decimal import Decimal, localcontext

from aicost.kernel.periods import utc_today
from attribution.reports.base import ALL_GRANULARITIES, Report, binds, fetch
from attribution.reports.spec import Spec

GROUPS = ("provider", "model", "token_class")
RATIO_DIGITS = 18
OWNED, TOTAL = "owned", "total"


def columns(spec: Spec) -> tuple[str, ...]:
    money = ("currency", "estimated_cost", "billed_cost", "reported_cost", "estimate_per_bill")
    return ("period", *_groups(spec), "line", *money)


def rows(spec: Spec) -> list[dict]:
    """One row a group, then one `total` row per period and currency. The ratio is None where
    either side is unknown or the bill is 0. A total is of the models that have both: a bill may put
    reasoning into output, so classes need not meet where models do."""
    found = fetch("estimate_accuracy", binds(spec) | {"today": utc_today()})
    grouped = _summed(found, ("period", *_groups(spec), "currency"))
    reported = _reported(spec)
    shown = []
    for row in grouped:
        named = (row.get("provider", ""), row.get("model", ""), row["currency"])
        shown.append(_told(row, OWNED) | {"reported_cost": reported.get(named)})
    models = _summed(found, ("period", "provider", "model", "currency"))
    both = [r for r in models if r["estimated_cost"] is not None and r["billed_cost"] is not None]
    names = dict.fromkeys(_groups(spec), "")
    totals = [
        _told(row, TOTAL) | names | {"reported_cost": None}
        for row in _summed(both, ("period", "currency"))
    ]
    order = columns(spec)
    return [{name: row[name] for name in order} for row in (*shown, *totals)]


def _groups(spec: Spec) -> tuple[str, ...]:
    return spec.group_by or GROUPS


def _summed(found: Iterable[dict], by: tuple[str, ...]) -> list[dict]:
    """Sums per key, in the order of the keys; what is unknown everywhere stays unknown."""
    out: dict[tuple, dict] = {}
    for row in found:
        key = tuple(row[name] for name in by)
        into = out.setdefault(
            key, {n: row[n] for n in by} | {"estimated_cost": None, "billed_cost": None}
        )
        for name in ("estimated_cost", "billed_cost"):
            if row[name] is not None:
                into[name] = (into[name] or Decimal(0)) + row[name]
    return [out[key] for key in sorted(out)]


def _told(row: dict, line: str) -> dict:
    return row | {
        "line": line,
        "estimate_per_bill": ratio(row["estimated_cost"], row["billed_cost"]),
    }


def ratio(estimated: Decimal | None, billed: Decimal | None) -> Decimal | None:
    """Estimate / bill to 18 decimals; None where either is unknown or nothing was billed."""
    if estimated is None or not billed:
        return None
    with localcontext() as context:
        context.prec = 60
        return round(estimated / billed, RATIO_DIGITS)


def _reported(spec: Spec) -> dict[tuple, Decimal]:
    """What the calls themselves reported, by model and currency: they know no token class."""
    if spec.group_by != ("model",) or spec.granularity != "total":
        return {}
    out: dict[tuple, Decimal] = {}
    for row in fetch("reported_cost", binds(spec)):
        key = ("", row["model"], row["currency"])
        out[key] = out.get(key, Decimal(0)) + row["reported_cost"]
    return out


REPORT = Report(
    name="estimate_accuracy",
    title="Estimate / bill",
    rows=rows,
    columns=columns,
    groups=GROUPS,
    filters=("model",),
    granularities=ALL_GRANULARITIES,
    whole_company=True,
)
