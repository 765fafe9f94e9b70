"""Invoices side by side: billed, attributed and paid, one line per source, billing period, invoice
and currency."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from aicost.kernel.periods import next_month, utc_today
from aicost.kernel.sqlfiles import sql
from attribution.closing.pinned import PACKAGE, open_closes, rates_of
from attribution.closing.tieout import Billed, Paid, explained, paid_total
from attribution.models import InvoicePaid
from attribution.once import once
from ingest.fx import MissingRate, Rates
from ingest.models import Source

Key = tuple[int, date, str, str]  # source id, billing period, invoice id, currency


@dataclass(frozen=True)
class Invoice:
    """`billed` is None when no charge carries it, `paid` None while nobody entered a payment or a
    rate is missing. `parts` add up to `paid - billed`."""

    source: str
    billing_period: date
    invoice: str
    currency: str
    billed: Decimal | None
    attributed: Decimal | None
    paid: Decimal | None
    difference: Decimal | None
    parts: dict[str, Decimal | None]
    final: bool
    payments: tuple[InvoicePaid, ...]
    missing_rate: str = ""


def invoices(first: date, end: date, source: str | None = None) -> list[Invoice]:
    """The invoices of the billing periods in [first, end), both days of a month."""
    found = _billed(first, end)
    asked = InvoicePaid.objects.filter(billing_period__gte=first, billing_period__lt=end)
    by_key: dict[Key, list[InvoicePaid]] = {}
    for one in asked.select_related("source", "changed_by").order_by("paid_on", "id"):
        key = (one.source_id, one.billing_period, one.invoice_id, one.currency)
        by_key.setdefault(key, []).append(one)
    sources = every_source()
    rates = rates_of(open_closes(first, end))
    lines = [
        _line(key, sources[key[0]], found.get(key), by_key.get(key, []), rates)
        for key in {*found, *by_key}
        if source is None or sources[key[0]].name == source
    ]
    return sorted(lines, key=lambda x: (x.billing_period, x.source, x.invoice, x.currency))


@once
def every_source() -> dict[int, Source]:
    return {s.pk: s for s in Source.objects.order_by("name")}


def billed_of(key: Key) -> tuple[Billed | None, bool]:
    """What the charges of one invoice say now, and whether its bill is final."""
    source_id, period, _, _ = key
    found = _billed(period, next_month(period)).get(key)
    return (found[0] if found else None), _is_final(Source.objects.get(pk=source_id), period)


def _line(key: Key, source: Source, found, payments: list[InvoicePaid], rates: Rates) -> Invoice:
    _, period, invoice_id, currency = key
    billed, attributed = found or (None, None)
    final = _is_final(source, period)
    told, missing = [], ""
    for one in payments:
        try:
            at_rate = one.amount * rates.rate(period, one.paid_currency, currency)
        except MissingRate as error:
            at_rate, missing = None, str(error)
        told.append(_paid(one, at_rate))
    paid = paid_total(told)
    return Invoice(
        source=source.name,
        billing_period=period,
        invoice=invoice_id,
        currency=currency,
        billed=billed.billed if billed else None,
        attributed=attributed,
        paid=paid,
        difference=None if paid is None else paid - (billed.billed if billed else 0),
        parts=explained(billed, told, currency, final),
        final=final,
        payments=tuple(payments),
        missing_rate=missing,
    )


def _paid(one: InvoicePaid, at_rate: Decimal | None) -> Paid:
    then = one.billed_then
    return Paid(
        at_rate=at_rate,
        settles=one.settles,
        tax_on_top=one.tax_on_top or Decimal(0),
        leaves_out=tuple(one.leaves_out),
        billed_then=Billed(**{k: Decimal(v) for k, v in then.items()}) if then else None,
    )


def _is_final(source: Source, period: date) -> bool:
    last = next_month(period) - timedelta(days=1)
    if told := source.state.get("final_through"):
        return date.fromisoformat(told) >= last
    return utc_today() >= last + timedelta(days=source.final_after_days)


def _billed(first: date, end: date) -> dict[Key, tuple[Billed, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(PACKAGE, "invoices_billed"), {"first": first, "end": end})
        return {
            (source, period, invoice, currency): (Billed(billed, tax, credits, apart), attributed)
            for source, period, invoice, currency, billed, tax, credits, apart, attributed in cursor
        }
