"""What pages say of estimates: what is still expected, how it met the bill, what has no price."""

from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from attribution.estimates import undecided
from attribution.reports.spec import SHOWN

ROWS_MAX = 12


def still_expected(
    ask: Ask, currency: str, group_by: tuple[str, ...] = ()
) -> tuple[tuple[str, str, bool], ...]:
    """The line under a spend: what usage is expected to add to it before the bill is final. Asked
    by the groups that the page asks for anyhow, it costs one query less."""
    rows = ask.report("cost", group_by=group_by, estimates=SHOWN).rows
    here = [row["estimated_cost"] for row in rows if row["currency"] == currency]
    amount = sum((cost for cost in here if cost is not None), Decimal(0))
    if amount:
        return (
            (f"+ {numbers.money(amount, currency, 0)}", "may still be billed, by estimate", False),
        )
    if any(cost is None for cost in here):
        return (("", "and calls without a price, not billed yet", False),)
    return ()


def met_the_bill(ask: Ask, model: str) -> tuple[tuple[str, str, bool], ...]:
    """Estimate / bill of a model over the final days of the view; nothing where it is unknown."""
    if ask.asker.teams is not None:
        return ()
    rows = ask.report(
        "estimate_accuracy", group_by=("model",), filters={"model": (model,)}, idle="shown",
        shared="shown",
    ).rows  # fmt: skip
    ratio = next((row["estimate_per_bill"] for row in rows if row["line"] == "total"), None)
    return (
        () if ratio is None else ((numbers.percent(ratio, Decimal(1)), "estimate / bill", False),)
    )


def unpriced(ask: Ask) -> dict:
    """Calls without a price and usage that could stand on several bills, each with its cure."""
    rows = ask.report("unpriced", group_by=(), filters={}, idle="shown", shared="shown").rows
    several = undecided(ask.period.start, ask.period.end)
    return {
        "rows": rows[:ROWS_MAX],
        "more": max(0, len(rows) - ROWS_MAX),
        "several": [
            {
                "source": one.usage_source,
                "provider": one.provider,
                "bills": ", ".join(one.candidates),
            }
            for one in several
        ],
    }
