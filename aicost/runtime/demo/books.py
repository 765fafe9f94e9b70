"""What the demo company's finance people wrote: cost classes and the accounts of its journal."""

from collections.abc import Iterator

from aicost.runtime.demo import company as c
from aicost.runtime.demo import focus

WHY = "Agreed with the auditors for the fiscal year"
# Account, name, class: the last row of a side takes what no row before it does.
_EXPENSES = (
    ("5110", "AI serving, cost of revenue", "cost_of_revenue"),
    ("6120", "AI research and development", "research_and_development"),
    ("6230", "AI for merchandising", "sales_and_marketing"),
    ("6340", "AI for payments risk", "general_and_administrative"),
    ("6990", "AI, not classed", ""),
)


def cost_classes(built_in: list[dict[str, str]]) -> list[dict[str, str]]:
    """Two features that earn nothing are no cost of revenue here; the rest as built in."""
    first = (
        ("general_and_administrative", c.FRAUD, "Guards payments, serves no customer"),
        ("sales_and_marketing", c.CATALOGUE, "Merchandising"),
    )
    own = [
        {"cost_class": name, "activity": "inference", "feature": feature, "note": note}
        for name, feature, note in first
    ]
    return [*own, *built_in]


def accounts() -> list[dict[str, str]]:
    return list(_accounts())


def _accounts() -> Iterator[dict[str, str]]:
    for account, name, of_class in _EXPENSES:
        yield {"side": "debit", "account": account, "name": name, "cost_class": of_class}
    yield {"side": "credit", "account": "2115", "name": f"Clearing, {c.LLM_ISSUER}",
           "source": focus.LLM_SOURCE}  # fmt: skip
    yield {"side": "credit", "account": "2110", "name": "Clearing, Amazon Web Services"}
    yield {"side": "accrued", "account": "2190", "name": "Accrued cloud cost"}
    yield {"side": "rounding", "account": "7990", "name": "Rounding"}
