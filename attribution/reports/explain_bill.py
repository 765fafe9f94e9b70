"""Why a bill and the ledger agree, or where they do not: the deliveries in force, the days that
differ and what waits on them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from aicost.kernel.periods import Period, next_month
from attribution.reports import health
from attribution.reports.base import check, fetch
from attribution.reports.explain_words import NoFigure, told
from attribution.reports.spec import BadSpec, Spec
from attribution.reports.trust import Trust, trust_of

DAYS_MAX = 31
STANDS = ("attributed", "idle", "shared", "unattributed")


@dataclass(frozen=True)
class BillDelivery:
    """One delivery in force: `written` as in its files, `stored` as in the ledger, None when its
    total is not of one billing period alone."""

    delivery_id: int
    name: str
    reader: str
    rows: int
    first_day: date | None
    last_day: date | None
    written: Decimal | None
    stored: Decimal | None


@dataclass(frozen=True)
class BillDay:
    """Days, `until` included, on which bill and ledger differ, or that wait for attribution, or
    failed in it, all for the same cause."""

    day: date
    until: date
    billed: Decimal
    stands: Decimal
    waits: bool
    failure: str


@dataclass(frozen=True)
class BillExplanation:
    """`figure` is the residual: `billed` less what `stands`; 0, or something is wrong."""

    figure: Decimal
    currency: str
    sentence: str
    trust: Trust
    source: str
    billing_period: date
    billed: Decimal
    stands: dict[str, Decimal]
    charges: int
    deliveries: tuple[BillDelivery, ...]
    days: tuple[BillDay, ...]


def explain_bill(
    spec: Spec, dimensions: Mapping[str, str], *, currency: str | None = None
) -> BillExplanation:
    """Explain one row of report `reconciliation`, of `source` and `billing_period` (YYYY-MM).
    Raises BadSpec, NotAllowed, and NoFigure when there is no such bill."""
    source, month = _bill(dimensions)
    period = Period(month, next_month(month))
    report = next(one for one in health.REPORTS if one.name == "reconciliation")
    asked = replace(spec, report=report.name, group_by=(), granularity="total", period=period)
    asked = replace(asked, filters={"source": (source,)})
    check(report, asked)
    rows = [
        row
        for row in report.rows(asked)
        if row["billing_period"] == f"{month:%Y-%m}" and currency in (None, "", row["currency"])
    ]
    if not rows:
        raise NoFigure(f"no bill of {source} for {month:%B %Y}")
    row = max(rows, key=lambda one: abs(one["billed"]))
    values = {"source": source, "month": month, "currency": row["currency"]}
    days = _together(fetch("explain_residual", values))
    deliveries = tuple(BillDelivery(**one) for one in fetch("explain_deliveries", values))
    stands = {name: row[name] for name in STANDS}
    return BillExplanation(
        figure=row["residual"],
        currency=row["currency"],
        sentence=_sentence(source, month, row, days),
        trust=trust_of(asked),
        source=source,
        billing_period=month,
        billed=row["billed"],
        stands=stands,
        charges=fetch("explain_bill_charges", values)[0]["charges"],
        deliveries=deliveries,
        days=days[:DAYS_MAX],
    )


def _together(rows: list[dict]) -> tuple[BillDay, ...]:
    """Days one after the other with one cause are one."""
    found: list[BillDay] = []
    for row in rows:
        last = found[-1] if found else None
        if last and row["day"] == last.until + timedelta(days=1) and _cause(last) == (
            row["waits"], row["failure"], row["billed"] == row["stands"]
        ):  # fmt: skip
            found[-1] = replace(
                last,
                until=row["day"],
                billed=last.billed + row["billed"],
                stands=last.stands + row["stands"],
            )
        else:
            found.append(BillDay(until=row["day"], **row))
    return tuple(found)


def _cause(one: BillDay) -> tuple[bool, str, bool]:
    return one.waits, one.failure, one.billed == one.stands


def _bill(dimensions: Mapping[str, str]) -> tuple[str, date]:
    try:
        return dimensions["source"], date.fromisoformat(f"{dimensions['billing_period']}-01")
    except (KeyError, ValueError) as error:
        how = "a bill is named by source:NAME and billing_period:YYYY-MM"
        raise BadSpec(how) from error


def _sentence(source: str, month: date, row: Mapping, days: tuple[BillDay, ...]) -> str:
    head = f"{source} billed {told(row['billed'])} {row['currency']} for {month:%B %Y}"
    parts = ", ".join(f"{told(row[name])} {name}" for name in STANDS if row[name])
    stands = f"In the ledger stand {parts or 'nothing'}"
    failed = sum(_length(one) for one in days if one.failure)
    waiting = sum(_length(one) for one in days if one.waits and not one.failure)
    causes = [f"{failed} failed"] * bool(failed) + [f"{waiting} wait"] * bool(waiting)
    cause = f" Of its days {' and '.join(causes)} for attribution." if causes else ""
    if not row["residual"]:
        return f"{head}. {stands}: to the last digit the same, nothing is missing or twice.{cause}"
    count = sum(_length(one) for one in days if one.billed != one.stands)
    return (
        f"{head}. {stands}; {told(row['residual'])} are missing, on {count}"
        f" day{'s'[: count != 1]}.{cause} manage.py attribute rebuilds them."
    )


def _length(one: BillDay) -> int:
    return (one.until - one.day).days + 1
