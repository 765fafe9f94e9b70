"""What each customer costs, calls and earns: the day's cost of every target, split over the
customers of its calls (attribution.customers). What no call named a customer for stands on lines
below, so that every table adds up to the bill."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, localcontext

from aicost.accounts.models import ADMIN, FINANCE, FINOPS
from aicost.kernel.periods import months_between
from attribution.finance.editions import editions
from attribution.models import Target
from attribution.reports.base import ALL_GRANULARITIES, Report, binds, check, fetch, pick
from attribution.reports.classed import CLASS
from attribution.reports.spec import Spec

DIMENSIONS = ("feature", "model", "team")
FILTERS = ("customer", *DIMENSIONS)
SORTS = ("cost", "name")
LINES = ("owned", "workload", "shared", "idle", "unattributed")
PERCENT_DIGITS = 12
ZERO = Decimal(0)


def columns(spec: Spec) -> tuple[str, ...]:
    named = ("period", "customer", *spec.group_by, "line", "currency")
    return (*named, "cost", "requests", "tokens")


def earning_columns(spec: Spec) -> tuple[str, ...]:
    return (*columns(spec), "revenue", "margin", "margin_percent")


def rows(spec: Spec) -> list[dict]:
    """Customers, the dearest first, then what stands on none. Calls without any cost have no
    currency; requests or tokens that nobody told are None."""
    return pick(sorted(_found(spec).values(), key=_dearest_first), columns(spec))


def earning_rows(spec: Spec) -> list[dict]:
    """The same with revenue beside: None where nobody told any, which is not zero. Whoever earns
    and called nothing costs 0, unless no customer is known to have called."""
    found = _found(spec)
    called = any(row["customer"] for row in found.values())
    for row in fetch("customer_revenue", _binds(spec)):
        key = _key(spec, row)
        empty = _empty(spec, row, "owned" if any(key[1]) else "workload")
        one = found.setdefault(
            (row["period"], *key[1:], row["currency"], empty["line"]),
            empty | {"cost": ZERO if called else None},
        )
        one["revenue"] = row["revenue"]
    for row in found.values():
        row["revenue"] = row.get("revenue")
        earns = row["revenue"] is not None and row["cost"] is not None
        row["margin"] = row["revenue"] - row["cost"] if earns else None
        row["margin_percent"] = _percent(row["margin"], row["revenue"])
    return pick(sorted(found.values(), key=_dearest_first), earning_columns(spec))


def money_rows(spec: Spec) -> list[dict]:
    """The rows of the report without calls, for what only shows money. Raises like it."""
    check(REPORT, spec)
    return [row for row in _paid(spec, _binds(spec)) if row["cost"]]


def ranked(
    spec: Spec,
    sort: str = "cost",
    first: int = 0,
    rows_max: int = 50,
    asked: str = "",
    backwards: bool = False,
) -> tuple[list[dict], int]:
    """{customer, currency, name} of one page of a list and how many there are in all: the dearest,
    the highest revenue, the worst margin or the keys first, or last if `backwards`; `asked` is
    looked for in keys and names. Raises like the report whose order it is."""
    check(EARNINGS if sort in ("revenue", "margin") else REPORT, spec)
    like = asked.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"sort": sort, "first": first, "rows_max": rows_max, "backwards": backwards,
              "like": f"%{like}%" if like else ""}  # fmt: skip
    values |= _binds(spec)
    found = []
    if values["plain"] and sort == "cost" and spec.basis == "effective" and not asked:
        found = fetch("customer_dearest", values)
        found = found[::-1] if backwards else found
    found = found or fetch("customer_ranking", values)
    return found, found[0]["customers"] if found else 0


def _binds(spec: Spec) -> dict:
    of_targets = set(spec.group_by) | (set(spec.filters) - {"customer"})
    customers = spec.filters.get("customer")
    return (
        binds(spec)
        | _classes(spec)
        | {
            "f_customer": None if customers is None else list(customers),
            "plain": not of_targets and spec.asker.teams is None,
        }
    )


def _classes(spec: Spec) -> dict[str, list]:
    """The cost class of every target, month by month where months differ; nothing unless asked."""
    found: dict[str, list] = {"class_targets": [], "class_months": [], "class_names": []}
    if CLASS not in spec.group_by:
        return found
    classes = editions("cost_classes")
    last = spec.period.end - timedelta(days=1)
    months = list(months_between(spec.period.start, last)) if classes.changes else [None]
    for target in Target.objects.values("id", *classes.asked):
        for month in months:
            when = month or spec.period.start
            found["class_targets"].append(target["id"])
            found["class_months"].append(month)
            found["class_names"].append(classes.of(when).first(target, when)[CLASS])
    return found


def _found(spec: Spec) -> dict[tuple, dict]:
    values, found = _binds(spec), {}
    for row in _paid(spec, values):
        line = row["line"]
        found[(*_key(spec, row), row["currency"], line)] = _empty(spec, row, line) | {
            "cost": row["cost"]
        }
    paid: dict[tuple, list[dict]] = {}
    for key, row in found.items():
        if row["line"] in ("owned", "workload"):
            paid.setdefault(key[:-2], []).append(row)
    if CLASS in spec.group_by:  # calls have no class: of it their number is unknown
        return found
    for row in fetch("customer_calls", values):
        key = _key(spec, row)
        line = "owned" if row["customer"] or any(key[2]) else "workload"
        for one in paid.get(key) or [found.setdefault((*key, None, line), _empty(spec, row, line))]:
            one |= {"requests": row["requests"], "tokens": row["tokens"]}
    return found


def _paid(spec: Spec, values: dict) -> Iterator[dict]:
    """Cost of customers, and of none unless customers alone are asked for."""
    for row in fetch("customers", values):
        yield row | {"line": "owned"}
    wanted = spec.filters.get("customer")
    if wanted is not None and "" not in wanted:
        return
    summed: dict[tuple, dict] = {}
    for row in fetch("customer_rest", values):
        named = any(row[name] for name in spec.group_by if name != CLASS)
        line = "owned" if named else row["kind"]
        key = (*_key(spec, row), row["currency"], line)
        one = summed.setdefault(key, row | {"line": line, "cost": ZERO})
        one["cost"] += row["cost"]
    yield from summed.values()


def _key(spec: Spec, row: dict) -> tuple:
    names = tuple(row.get(name, "") for name in spec.group_by)
    return row["period"], row["customer"], names


def _empty(spec: Spec, row: dict, line: str) -> dict:
    named = {name: row.get(name, "") for name in ("period", "customer", *spec.group_by)}
    return named | {"line": line, "currency": row.get("currency"), "cost": None,
                    "requests": None, "tokens": None}  # fmt: skip


def _percent(margin: Decimal | None, revenue: Decimal | None) -> Decimal | None:
    if margin is None or revenue is None or revenue <= 0:
        return None
    with localcontext() as context:
        context.prec = PERCENT_DIGITS
        return margin / revenue * 100


def _dearest_first(row: dict) -> tuple:
    names = tuple(str(row.get(name, "")) for name in FILTERS)
    cost = row["cost"]
    below = (LINES.index(row["line"]), not row["customer"])
    return row["period"], *below, cost is None, -(cost or 0), names, row["currency"] or ""


REPORT = Report(
    name="customers",
    title="Customers",
    rows=rows,
    columns=columns,
    groups=(*DIMENSIONS, CLASS),
    filters=FILTERS,
    granularities=ALL_GRANULARITIES,
    measure="cost",
    converts=True,
)
EARNINGS = Report(
    name="customer_margin",
    title="Margin of customers",
    rows=earning_rows,
    columns=earning_columns,
    groups=("feature",),
    filters=("customer", "feature"),
    granularities=ALL_GRANULARITIES,
    measure="margin",
    roles=(FINANCE, FINOPS, ADMIN),
    whole_company=True,
)
REPORTS = (REPORT, EARNINGS)
