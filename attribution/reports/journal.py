"""The month as a journal for the general ledger: balanced, in cents, its rounding on a line."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from aicost.accounts.models import ADMIN, FINANCE, FINOPS
from aicost.kernel.money import minor_unit
from attribution.finance.shapes import CREDIT, DEBIT, ROUNDING
from attribution.reports.base import ALL_POOLS, Report, pick
from attribution.reports.booked import ENTRIES, accounts_in_force, entries, rounding_line
from attribution.reports.spec import Spec

COLUMNS = (
    "period", "date", "entry", "account", "account_name", "description", "debit", "credit",
    "currency", "cost_centre", "team", "reference", "exact_amount",
)  # fmt: skip
_SIDES = (DEBIT, CREDIT, ROUNDING)


def parts(spec: Spec) -> list[dict]:
    return list(entries(spec))


def rows(spec: Spec) -> list[dict]:
    return finished(spec, parts(spec))


def finished(spec: Spec, found: list[dict]) -> list[dict]:
    """Lines in cents: each rounded half-even, and per entry and currency what is then missing for
    debits to equal credits on the rounding account. `exact_amount` is the line before rounding,
    debits above 0."""
    accounts = accounts_in_force()
    groups: dict[tuple, list[dict]] = {}
    for line in found:
        groups.setdefault((line["date"], line["entry"], line["currency"]), []).append(line)
    made = []
    for (day, entry, currency), lines in groups.items():
        shown = [_rounded(line) for line in lines]
        missing = -sum((line["debit"] or 0) - (line["credit"] or 0) for line in shown)
        if missing:
            last = rounding_line(entry, day, currency, accounts)
            shown.append(_placed(last, Decimal(missing)))
        made += shown
    return pick(sorted(_not_empty(made), key=_place), COLUMNS)


def _rounded(line: dict) -> dict:
    unit = minor_unit(line["currency"])
    return _placed(line, line["exact_amount"].quantize(unit, rounding=ROUND_HALF_EVEN))


def _placed(line: dict, amount: Decimal) -> dict:
    """A debit below 0 is a credit: no amount of a journal is negative."""
    return line | {
        "period": line["date"].replace(day=1),
        "debit": amount if amount > 0 else None,
        "credit": -amount if amount < 0 else None,
    }


def _not_empty(lines: Iterable[dict]) -> list[dict]:
    return [line for line in lines if line["debit"] or line["credit"]]


def _place(line: dict) -> tuple:
    return (
        line["date"], ENTRIES.index(line["entry"]), line["currency"],
        _SIDES.index(line["side"]), line["account"], line["cost_centre"], line["team"],
        line["description"],
    )  # fmt: skip


REPORT = Report(
    name="journal",
    title="Journal",
    rows=rows,
    columns=lambda spec: COLUMNS,
    pools=ALL_POOLS,
    roles=(FINANCE, FINOPS, ADMIN),
    whole_company=True,
    converts=True,
    parts=parts,
    finished=finished,
)
