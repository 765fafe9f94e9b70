"""What the page Close shows of a month: its state, what blocks it, invoices, what is restated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.http import QueryDict
from django.urls import reverse

from aicost.kernel.money import minor_unit, plain
from aicost.kernel.periods import month_of, utc_today
from aicost.web.numbers import MINUS, change
from attribution.closing import blockers as why
from attribution.closing.blockers import blockers_of
from attribution.closing.invoices import Invoice, every_source, invoices
from attribution.closing.payments import COLUMNS, said
from attribution.closing.status import CLOSED, MonthState, month_states
from attribution.closing.tieout import LEAVES_OUT, PARTS
from attribution.models import InvoicePaid
from attribution.reports import run
from attribution.reports.spec import Asker, Spec

MONTHS_SHOWN, TARGETS_SHOWN = 18, 40
FOLDED_FROM = "reference"  # the fields from here on are folded away until one is used
GROUPS = ("kind", "team", "feature", "model", "environment")
# Blocker -> the page where its cure begins.
CURES = {
    why.FAILED: "health",
    why.DIRTY: "health",
    why.RESIDUAL: "health",
    why.UNSPREAD: "health",
    why.NOT_FINAL: "sources",
    why.NO_BILL: "upload",
}
PART_WORDS = {
    "tax": "tax",
    "credits": "credits left out",
    "marketplace": "marketplace billed apart",
    "restated_after_payment": "bill restated since",
    "exchange": "exchange",
    "rounding": "rounding",
    "not_loaded": "not loaded yet",
    "unexplained": "unexplained",
}
LABELS = {
    "source": ("Bill", ""),
    "billing_period": ("Billing period", "YYYY-MM"),
    "invoice_id": ("Invoice", "empty: charges without an id"),
    "currency": ("Currency of the invoice", "USD, EUR …"),
    "amount": ("Paid", ""),
    "paid_on": ("Paid on", "YYYY-MM-DD"),
    "reference": ("Reference", "tells several payments of one invoice apart"),
    "leaves_out": ("Leaves out", f"{', '.join(LEAVES_OUT)}; several with a comma"),
    "tax_on_top": ("Tax on top", "paid, and not in the bill's export"),
    "paid_currency": ("Paid in", "if in another currency"),
    "settles": ("Settles", "in the currency of the invoice, if paid in another"),
    "note": ("Note", ""),
}


@dataclass(frozen=True)
class Chosen:
    """The month that is looked at, and the edition that is compared."""

    state: MonthState
    edition: int | None

    @property
    def month(self) -> date:
        return self.state.month


def states() -> list[MonthState]:
    """The newest months, without what blocks them: that is looked for in the chosen one only."""
    return month_states(with_blockers=False)[:MONTHS_SHOWN]


def chosen(found: Sequence[MonthState], asked: date | None, edition: int | None) -> Chosen | None:
    """The month asked for, else the newest that is over; None when nothing has been loaded."""
    over = [one for one in found if month_of(one.month).end <= utc_today()]
    if asked is None and (over or found):
        asked = (over or found)[0].month
    if asked is None:
        return None
    month = asked.replace(day=1)
    known = next((one for one in found if one.month == month), None)
    # Further back than the list goes, or a month of which there is nothing.
    states = [known] if known else month_states(month, month_of(month).end, with_blockers=False)
    for state in states:
        editions = [close.edition for close in state.editions]
        blocked = state if state.state == CLOSED else replace(state, blockers=blockers_of(month))
        return Chosen(blocked, edition if edition in editions else (editions or [None])[-1])
    return None


def blockers(one: Chosen) -> list[dict]:
    return [
        {"told": found, "href": reverse(CURES[found.what]) if found.what in CURES else ""}
        for found in one.state.blockers
    ]


def editions(one: Chosen) -> list[dict]:
    """The closes of the month with what each reported, per currency."""
    return [
        {
            "close": close,
            "totals": [
                {"currency": code, "effective": Decimal(total["effective"])}
                for code, total in close.pinned.get("totals", {}).items()
            ],
        }
        for close in one.state.editions
    ]


def tie_out(month: date) -> dict:
    """The invoices of a billing period with their explanation, and totals per currency."""
    period = month_of(month)
    lines = invoices(period.start, period.end)
    return {
        "lines": [_line(one) for one in lines],
        "totals": [_total(code, lines) for code in sorted({one.currency for one in lines})],
        "unpaid": sum(one.paid is None for one in lines),
    }


def _line(one: Invoice) -> dict:
    parts = [(name, one.parts[name]) for name in PARTS if one.parts[name]]
    ask = QueryDict(mutable=True)
    ask.update({"month": f"{one.billing_period:%Y-%m}", "source": one.source})
    ask.update({"invoice_id": one.invoice, "currency": one.currency})
    if one.billed is not None:
        ask["amount"] = plain(one.billed.quantize(minor_unit(one.currency)))
    return {
        "invoice": one,
        "residual": None if one.billed is None else one.billed - one.attributed,
        "explained": [
            {
                "words": PART_WORDS[name],
                "amount": exact_change(amount, one.currency),
                "open": name == "unexplained",
            }
            for name, amount in parts
        ],
        "enter": ask.urlencode(),
    }


def _total(code: str, lines: Sequence[Invoice]) -> dict:
    of = [one for one in lines if one.currency == code]
    return {
        "currency": code,
        "billed": sum((one.billed or 0 for one in of), Decimal(0)),
        "attributed": sum((one.attributed or 0 for one in of), Decimal(0)),
        "paid": _sum(one.paid for one in of),
        "difference": _sum(one.difference for one in of),
    }


def _sum(amounts) -> Decimal | None:
    found = list(amounts)
    return None if None in found else sum(found, Decimal(0))


def exact_change(amount: Decimal, currency: str) -> str:
    """A difference with two decimals; all of them where it is less than a cent."""
    if abs(amount) >= Decimal("0.01"):
        return change(amount, currency)
    return f"{MINUS if amount < 0 else '+'}{plain(abs(amount))} {currency}"


def compared(one: Chosen, asker: Asker, group: str, basis: str) -> dict:
    """As reported and as it stands now, with what made the difference."""
    if one.edition is None:
        return {}
    filters = {"edition": (str(one.edition),)}
    period = month_of(one.month)
    asked = Spec("reported_vs_restated", period, asker, group_by=(group,), filters=filters,
                 basis=basis)  # fmt: skip
    rows = run(asked).rows
    causes = run(Spec("restated_causes", period, asker, filters=filters)).rows
    totals = {}
    for row in rows:
        total = totals.setdefault(row["currency"], dict.fromkeys(_MONEY, Decimal(0)))
        for name in _MONEY:
            total[name] += row[name]
    shown = [{**row, "name": row[group] or "not set"} for row in rows[:TARGETS_SHOWN]]
    return {
        "rows": shown,
        "more": max(0, len(rows) - TARGETS_SHOWN),
        "causes": causes,
        "totals": [{"currency": code, **total} for code, total in sorted(totals.items())],
        "basis": basis,
        "group": group,
        "groups": GROUPS,
    }


_MONEY = ("reported", "restated", "difference")


def payment_form(given: Mapping[str, str], errors: Mapping[str, str]) -> list[dict]:
    """The fields of the form in their order."""
    names = [one.name for one in every_source().values() if one.kind == "bill"]
    more = COLUMNS[COLUMNS.index(FOLDED_FROM) :]
    opens = "open" if any(given.get(name) or errors.get(name) for name in more) else "shut"
    return [
        {
            "name": name,
            "label": LABELS[name][0],
            "help": LABELS[name][1],
            "value": given.get(name, ""),
            "error": errors.get(name, ""),
            "choices": names if name == "source" else None,
            "opens": opens if name == FOLDED_FROM else "",
        }
        for name in COLUMNS
    ]


def payment_values(payment: InvoicePaid) -> dict[str, str]:
    values = said(payment)
    return values | {"billing_period": values["billing_period"][:7]}
