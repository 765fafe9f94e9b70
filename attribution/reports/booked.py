"""The month's cost and accruals as exact entries on accounts, before they are rounded to cents."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from aicost.kernel.periods import Period, month_start, next_month
from attribution.finance.conditions import ordered
from attribution.finance.editions import Editions, editions
from attribution.finance.shapes import ACCRUED, CLASS_NAMES, CREDIT, DEBIT, ROUNDING
from attribution.reports.classed import CLASS, classed_rows
from attribution.reports.expected import ESTIMATED
from attribution.reports.spec import SHOWN, Spec

COST, ACCRUAL, REVERSAL = ENTRIES = ("cost", "accrual", "reversal")
_LETTER = {COST: "C", ACCRUAL: "A", REVERSAL: "R"}


@dataclass(frozen=True)
class Accounts:
    """The table of accounts, by side."""

    table: Editions

    def of(self, side: str, row: dict, month: date) -> dict:
        found = self.table.of(month)
        of_side = [one for one in found.rows if one["side"] == side]
        return ordered(of_side, found.by).first(row, month)

    @property
    def asked(self) -> tuple[str, ...]:
        return tuple(name for name in self.table.asked if name != CLASS)


def accounts_in_force() -> Accounts:
    return Accounts(editions("accounts"))


def months_of(period: Period) -> Iterator[Period]:
    """The calendar months of a period, the first and last cut where it begins and ends."""
    start = period.start
    while start < period.end:
        end = min(next_month(month_start(start)), period.end)
        yield Period(start, end)
        start = end


def booked_rows(spec: Spec, month: Period, accounts: Accounts, *further: str) -> list[dict]:
    """`classed_rows` of one month by team, cost centre, source and what else an account asks."""
    question = replace(spec, period=month, granularity="total", group_by=())
    more = tuple(dict.fromkeys(("team", "cost_centre", "source", *accounts.asked, *further)))
    return classed_rows(question, more)


def entries(spec: Spec, accounts: Accounts | None = None) -> Iterator[dict]:
    """Exact lines: debits above 0, credits below; the lines of one entry and currency sum to 0.
    `accounts` are others than those in force."""
    accounts = accounts or accounts_in_force()
    for month in months_of(spec.period):
        summed: dict[tuple, dict] = {}
        for row in booked_rows(spec, month, accounts):
            for line in _lines(row, month, accounts, accrues=spec.estimates == SHOWN):
                key = tuple(value for name, value in line.items() if name != "exact_amount")
                known = summed.setdefault(key, line | {"exact_amount": Decimal(0)})
                known["exact_amount"] += line["exact_amount"]
        yield from summed.values()


def _lines(row: dict, month: Period, accounts: Accounts, accrues: bool) -> Iterator[dict]:
    """The two sides of one row's cost, and of what is still expected of it. What is expected but
    has no price is in no entry; the report `accruals` lists it."""
    debit = accounts.of(DEBIT, row, month.start)
    last = month.end - timedelta(days=1)
    if row["cost"]:
        credit = accounts.of(CREDIT, row, month.start)
        yield from _pair(COST, row, row["cost"], last, debit, credit)
    if accrues and row[ESTIMATED]:
        credit = accounts.of(ACCRUED, row, month.start)
        yield from _pair(ACCRUAL, row, row[ESTIMATED], last, debit, credit)
        first = next_month(month.start)
        yield from _pair(REVERSAL, row, -row[ESTIMATED], first, debit, credit)


def _pair(
    entry: str, row: dict, amount: Decimal, day: date, debit: dict, credit: dict
) -> Iterator[dict]:
    team = row["team"] or ""
    centre = debit["book_to"] or row["cost_centre"]
    text = f"{CLASS_NAMES[row[CLASS]]}, {team or 'no team'}"
    yield _line(entry, DEBIT, day, debit, text, centre, team, row["currency"], amount)
    source = row["source"]
    yield _line(entry, CREDIT, day, credit, source, "", "", row["currency"], -amount)


def _line(
    entry: str, side: str, day: date, account: dict, text: str, centre: str, team: str,
    currency: str, amount: Decimal,
) -> dict:  # fmt: skip
    month = month_start(day)
    key = (side, account["account"], text, centre, team, currency)
    return {
        "period": month,
        "date": day,
        "entry": entry,
        "side": side,
        "account": account["account"],
        "account_name": account["name"],
        "description": f"AI cost, {entry} {day:%Y-%m}: {text}",
        "currency": currency,
        "cost_centre": centre,
        "team": team,
        "reference": reference(entry, month, key),
        "exact_amount": amount,
    }


def reference(entry: str, month: date, key: tuple) -> str:
    """The same for the same line of the same month, whatever its amount: posting a journal again
    replaces lines, and never doubles them."""
    digest = sha256("\x1f".join(str(part) for part in key).encode()).hexdigest()
    return f"AIC-{month:%Y%m}-{_LETTER[entry]}-{digest[:12]}"


def rounding_line(entry: str, day: date, currency: str, accounts: Accounts) -> dict:
    """The named line that takes what rounding to cents leaves over."""
    account = accounts.of(ROUNDING, {}, day)
    return _line(entry, ROUNDING, day, account, "rounding", account["book_to"], "", currency,
                 Decimal(0))  # fmt: skip
