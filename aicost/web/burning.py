"""What of credits and commitments is left: balances by hand, and the series that bills tell."""

from datetime import date, timedelta
from decimal import Decimal

from aicost.accounts.scope import may_edit_names
from aicost.kernel.periods import Period, month_start, months_between, plus_months
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.pacing import stated
from attribution.models.budgets import COMMITMENT
from attribution.reports.sheets import Sheet, sheet_of_answer

ZERO = Decimal(0)
BAR_WIDTH = Decimal(160)
MONTHS_SHOWN = 4
# State of the ledger -> what it is called here.
BILLED = {
    "unused_commitment": "Commitments paid and not used",
    "commitment": "Commitments: purchases and fees",
    "credit": "Credits",
}
KINDS = {"prepaid": "prepaid credit", COMMITMENT: "promised spend"}


def burning(ask: Ask) -> dict:
    """Nothing for who sees only some teams: balances are of the whole company."""
    if ask.asker.teams is not None:
        return {"hidden": True}
    rows = [
        {
            "row": row,
            "kind": KINDS[row["kind"]],
            "left": str(round(row["left"] / row["balance"] * BAR_WIDTH, 1)) if row["left"] else "",
            "when": _when(row),
            "bad": _is_bad(row),
        }
        for row in stated(ask, "burn_down").rows
    ]
    return {"rows": rows, "billed": _billed(ask), "may_edit": may_edit_names(ask.user)}


def _is_bad(row: dict) -> bool:
    """A credit that is gone before its end, a promise that is missed."""
    if row["kind"] == COMMITMENT:
        return bool(row["missing"])
    gone, end = row["runs_out_on"], row["ends_on"]
    return gone is not None and (end is None or gone <= end)


def _when(row: dict) -> str:
    end = numbers.day_year(row["ends_on"]) if row["ends_on"] else ""
    if row["kind"] == COMMITMENT and row["missing"]:
        return f"{numbers.money(row['missing'], row['currency'], 0)} missing on {end}"
    if row["runs_out_on"] is not None:
        word = "spent in full" if row["kind"] == COMMITMENT else "runs out"
        return f"{word} on {numbers.day_year(row['runs_out_on'])}"
    if row["reason"]:
        return "unknown"
    return f"lasts to its end, {end}" if end else "lasts for more than a year"


def _billed(ask: Ask) -> dict:
    """Unused commitment, purchases and credits by month, the newest last."""
    last = ask.period.end - timedelta(days=1)
    first = plus_months(month_start(last), 1 - MONTHS_SHOWN)
    answer = ask.report("cost", period=Period(first, ask.period.end), granularity="month",
                        group_by=("state",), filters={"state": tuple(BILLED)})  # fmt: skip
    months = list(months_between(first, last))
    found: dict[tuple[str, str], dict[date, Decimal]] = {}
    for row in answer.rows:
        by_month = found.setdefault((row["state"], row["currency"]), {})
        by_month[row["period"]] = by_month.get(row["period"], ZERO) + row["cost"]
    rows = [
        (BILLED[state], [numbers.money(by_month.get(one, ZERO), currency) for one in months])
        for (state, currency), by_month in sorted(found.items())
        if any(by_month.values())
    ]
    return {"columns": [f"{one:%b %Y}" for one in months], "rows": rows}


def burning_data(ask: Ask) -> Sheet:
    return sheet_of_answer("Credits and commitments", stated(ask, "burn_down"))
