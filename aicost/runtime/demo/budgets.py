"""names/budgets.csv: what Marlow & Finch may spend beside the budgets said with its names."""

from datetime import date, timedelta
from pathlib import Path

from aicost.kernel.periods import month_start, plus_months
from aicost.runtime.demo import company as c
from aicost.runtime.demo import files
from aicost.runtime.demo.aws import SOURCE as AWS
from aicost.runtime.demo.focus import LLM_SOURCE
from aicost.runtime.demo.story import Story

COLUMNS = (
    "name", "filters", "amount", "currency", "period", "per", "per_count", "roll_over", "owner",
    "used_percents", "valid_from", "note",
)  # fmt: skip


def write_budgets(story: Story, folder: Path) -> int:
    """The file; how many rows it has."""
    rows = _rows(story.day_of_month(0, 1).isoformat())
    place = files.made(folder, "names")
    cells = [[row.get(name, "") for name in COLUMNS] for row in rows]
    files.write_csv(place / "budgets.csv", COLUMNS, cells)
    return len(rows)


def _rows(first: str) -> list[dict]:
    usd = {"currency": c.CURRENCY}
    return [
        usd | {
            "name": "All AI", "amount": "190000", "period": "month", "owner": "Helen Marsh",
            "used_percents": "80, 100", "note": "Agreed with the board in the fifth month.",
        },
        usd | {
            "name": "All AI, fiscal year", "amount": "900000", "period": "year",
            "owner": "Helen Marsh",
        },
        usd | {
            "name": "Training and experiments", "filters": "activity=training, experimentation",
            "amount": "90000", "period": "month", "owner": "Noor Haddad",
        },
        usd | {
            "name": "Catalogue and fraud, in production", "owner": "Jonas Weber",
            "filters": f"feature={c.CATALOGUE}, {c.FRAUD}; environment=prod",
            "amount": "2900", "period": "month", "roll_over": "unspent", "valid_from": first,
        },
        usd | {
            "name": "An answer of support", "filters": f"feature={c.SUPPORT}", "amount": "38",
            "period": "month", "per": "inference", "per_count": "1000", "owner": "Tom Okafor",
        },
    ]  # fmt: skip


def balances(today: date) -> list[dict[str, str]]:
    """What somebody of finance entered: the credit at the model API, the promise to the cloud."""
    month = month_start(today - timedelta(days=1))
    first = plus_months(month, -5)
    usd = {"currency": c.CURRENCY}
    return [
        usd | {
            "title": "Sagebrook prepaid credit", "kind": "prepaid", "balance": "12000",
            "day": month.isoformat(), "filters": f"source={LLM_SOURCE}",
            "note": "Bought in the fifth month, after the first one ran out.",
        },
        usd | {
            "title": "Cloud spend promised for a year", "kind": "commitment",
            "balance": "2400000", "day": first.isoformat(), "filters": f"source={AWS}",
            "ends_on": (plus_months(first, 12) - timedelta(days=1)).isoformat(),
        },
    ]  # fmt: skip
