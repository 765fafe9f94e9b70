"""What is used but not billed yet at a month's end: what the estimates still expect of its days."""

from decimal import Decimal

from aicost.accounts.models import ADMIN, FINANCE, FINOPS
from aicost.kernel.periods import next_month
from attribution.finance.shapes import ACCRUED, DEBIT
from attribution.reports.base import Report, pick
from attribution.reports.booked import accounts_in_force, booked_rows, months_of
from attribution.reports.classed import CLASS, UNPRICED
from attribution.reports.expected import ESTIMATED
from attribution.reports.spec import Spec

COLUMNS = (
    "period", "source", "team", CLASS, "currency", "cost", "accrued_cost", "unpriced",
    "account", "accrued_account", "reverses_on",
)  # fmt: skip


def rows(spec: Spec) -> list[dict]:
    """Per month, source, team, class and currency: what is billed, and what is still to come; None
    where nothing of it has a price, which is not 0, and `unpriced` yes where something of it has
    none. Rows without anything to come are left out."""
    accounts, found = accounts_in_force(), []
    for month in months_of(spec.period):
        summed: dict[tuple, dict] = {}
        # By model, so that one without a price is not hidden by those that have one.
        for row in booked_rows(spec, month, accounts, "model"):
            booked = {
                "account": accounts.of(DEBIT, row, month.start)["account"],
                "accrued_account": accounts.of(ACCRUED, row, month.start)["account"],
            }
            names = ("source", "team", CLASS, "currency")
            key = (*(row[name] for name in names), *booked.values())
            empty = {"period": month.start, "reverses_on": next_month(month.start), **booked}
            empty |= {name: row[name] for name in names} | {UNPRICED: ""}
            total = summed.setdefault(key, empty | {"cost": Decimal(0), "accrued_cost": Decimal(0)})
            total["cost"] += row["cost"]
            total["accrued_cost"] += row[ESTIMATED] or 0
            total[UNPRICED] = "yes" if row[UNPRICED] else total[UNPRICED]
        found += [row for row in summed.values() if row["accrued_cost"] or row[UNPRICED]]
    for row in found:
        row["accrued_cost"] = row["accrued_cost"] or None
    return pick(sorted(found, key=_dearest_first), COLUMNS)


def _dearest_first(row: dict) -> tuple:
    names = tuple(row[name] or "" for name in ("source", "team", CLASS, "currency"))
    return row["period"], -(row["accrued_cost"] or 0), names


REPORT = Report(
    name="accruals",
    title="Accruals",
    rows=rows,
    columns=lambda spec: COLUMNS,
    measure="accrued_cost",
    roles=(FINANCE, FINOPS, ADMIN),
    whole_company=True,
)
