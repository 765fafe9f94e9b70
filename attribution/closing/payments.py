"""Enter what was paid for an invoice, change it, remove it, import a file of it. Every change is
kept (InvoicePaidChange) and audited."""

from collections.abc import Iterable, Mapping
import csv
from dataclasses import asdict
from datetime import date
from decimal import Decimal
import io

from django.db import connection, transaction

from aicost.accounts.audit import record
from aicost.accounts.models import User
from aicost.kernel.money import plain
from aicost.kernel.periods import FIRST_YEAR, LAST_YEAR
from attribution.closing.invoices import billed_of
from attribution.closing.tieout import LEAVES_OUT
from attribution.models import InvoicePaid, InvoicePaidChange
from ingest.models import Source
from ingest.sources import cells

PAYMENT_SAVED, PAYMENT_REMOVED = "invoice_paid", "invoice_payment_removed"
PAYMENTS_IMPORTED = "invoices_imported"
NEEDED = ("source", "billing_period", "currency", "amount", "paid_on")
KEY = ("source", "billing_period", "invoice_id", "currency", "reference")
COLUMNS = (
    *("source", "billing_period", "invoice_id", "currency", "amount", "paid_on", "reference"),
    *("leaves_out", "tax_on_top", "paid_currency", "settles", "note"),
)
BYTES_MAX, ROWS_MAX = 8 * 1024**2, 50_000


class PaymentRefused(ValueError):
    """A payment that cannot be; `field` names its cell, '' is the whole. Nothing was changed."""

    def __init__(self, message: str, cure: str, field: str = "") -> None:
        super().__init__(message)
        self.cure, self.field = cure, field


class BadFile(ValueError):
    """A file of payments that was not imported; `rows` are (line, what is wrong, cure)."""

    def __init__(self, rows: list[tuple[int, str, str]]) -> None:
        line, message, cure = rows[0]
        more = f" ({len(rows) - 1} more)" if len(rows) > 1 else ""
        super().__init__(f"line {line}: {message}. {cure}{more}; nothing was imported")
        self.rows = rows


def parse(given: Mapping[str, str]) -> dict[str, object]:
    """The texts of a form or a row as fields of a payment. Raises `PaymentRefused`."""
    told = {name: (given.get(name) or "").strip() for name in COLUMNS}
    out: dict[str, object] = {}
    for name, text in told.items():
        if not text and name in NEEDED:
            raise PaymentRefused(f"{name} is needed", f"Give {name}", name)
        try:
            out[name] = _PARSERS[name](text) if text else _EMPTY.get(name, "")
        except ValueError as error:
            raise PaymentRefused(f"{name}: {error}", f"Correct {name}", name) from error
    out["paid_currency"] = out["paid_currency"] or out["currency"]
    if out["settles"] is not None and out["paid_currency"] == out["currency"]:
        cure = "Leave settles empty, or say in which currency it was paid"
        raise PaymentRefused("it was paid in the invoice's own currency", cure, "settles")
    return out


def save_payment(
    values: Mapping[str, object], user: User | None, payment: InvoicePaid | None = None
) -> tuple[InvoicePaid, str]:
    """Add or change a payment, as `parse` gave it; what became of it: entered, changed, or ''
    when it said so already. Without `payment`, the one of the same key is changed. Raises
    `PaymentRefused` when another has that key."""
    with transaction.atomic():
        _alone()
        same = InvoicePaid.objects.filter(**{name: values[name] for name in KEY}).first()
        if payment is not None and same is not None and same.pk != payment.pk:
            cure = "Change that one, or give this one a reference of its own"
            raise PaymentRefused(f"{same} has such a payment already", cure, "reference")
        payment = payment or same or InvoicePaid()
        before = said(payment) if payment.pk else None
        for name, value in values.items():
            setattr(payment, name, value)
        if before == said(payment):
            return payment, ""
        if before is None or Decimal(before["amount"]) != payment.amount:
            payment.billed_then = _billed_now(payment)
        payment.changed_by = user
        payment.save()
        what = InvoicePaidChange.CHANGED if before else InvoicePaidChange.ENTERED
        _keep(payment, payment.pk, what, user)
        record(user, PAYMENT_SAVED, str(payment), {"before": before, "now": said(payment)})
    return payment, what


def remove_payment(payment: InvoicePaid, user: User | None) -> None:
    """Take a payment back; its history stays."""
    with transaction.atomic():
        _alone()
        _keep(payment, payment.pk, InvoicePaidChange.REMOVED, user)
        record(user, PAYMENT_REMOVED, str(payment), {"before": said(payment)})
        payment.delete()


def import_payments(data: bytes, name: str, user: User | None) -> dict[str, int]:
    """A CSV of payments, all or nothing; importing it again changes nothing. How many were
    entered, changed, and unchanged. Raises `BadFile` with every wrong row."""
    rows, wrong, seen = [], [], {}
    for line, row in _rows(data):
        try:
            values = parse(row)
            key = tuple(str(values[part]) for part in KEY)
            if key in seen:
                cure = "Tell several payments of one invoice apart by their reference"
                raise PaymentRefused(f"the same payment as in line {seen[key]}", cure)
            seen[key] = line
            rows.append(values)
        except PaymentRefused as error:
            wrong.append((line, str(error), error.cure))
    if wrong:
        raise BadFile(wrong)
    done = {"entered": 0, "changed": 0, "unchanged": 0}
    with transaction.atomic():
        for values in rows:
            done[save_payment(values, user)[1] or "unchanged"] += 1
        record(user, PAYMENTS_IMPORTED, name, done)
    return done


def said(payment: InvoicePaid) -> dict[str, str]:
    """The payment as a row of the file."""
    return {name: _text(getattr(payment, name)) for name in COLUMNS}


def _rows(data: bytes) -> Iterable[tuple[int, dict[str, str]]]:
    if len(data) > BYTES_MAX:
        raise BadFile([(1, f"the file has more than {BYTES_MAX} bytes", "Split it")])
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True)
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        lacking = [name for name in NEEDED if name not in header]
        unknown = [name for name in header if name not in COLUMNS]
        if lacking or unknown:
            wrong = f"no column {lacking[0]}" if lacking else f"no such column: {unknown[0]!r}"
            raise BadFile([(1, wrong, f"Columns are {', '.join(COLUMNS)}")])
        found = []
        for row in reader:
            if None in row or None in row.values():
                cure = "Give each row as many cells as the header has"
                raise BadFile([(reader.line_num, "a ragged row", cure)])
            found.append((reader.line_num, row))
            if len(found) > ROWS_MAX:
                raise BadFile([(reader.line_num, f"more than {ROWS_MAX} rows", "Split it")])
    except UnicodeDecodeError as error:
        raise BadFile([(1, "the file is not UTF-8", "Save it as CSV UTF-8")]) from error
    except csv.Error as error:
        raise BadFile([(1, f"the file is no CSV ({error})", "Save it as CSV UTF-8")]) from error
    return found


def _source(text: str) -> Source:
    found = Source.objects.filter(name=cells.text(text), kind="bill").first()
    if found is None:
        names = Source.objects.filter(kind="bill").order_by("name").values_list("name", flat=True)
        raise ValueError(f"no bill source is named {text[:80]!r}; there are {', '.join(names)}")
    return found


def _month(text: str) -> date:
    try:
        month = cells.calendar_day(f"{text[:7]}-01").replace(day=1)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no month YYYY-MM") from None
    if not FIRST_YEAR <= month.year <= LAST_YEAR:
        raise ValueError(f"{month:%Y-%m} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return month


def _left_out(text: str) -> list[str]:
    named = sorted({one.strip().lower() for one in text.replace(";", ",").split(",")} - {""})
    for one in named:
        if one not in LEAVES_OUT:
            raise ValueError(f"{one[:40]!r} is none of {', '.join(LEAVES_OUT)}")
    return named


_PARSERS = {
    "source": _source,
    "billing_period": _month,
    "currency": cells.currency,
    "paid_currency": cells.currency,
    "amount": cells.amount,
    "settles": cells.amount,
    "tax_on_top": cells.amount,
    "paid_on": cells.day,
    "leaves_out": _left_out,
    **dict.fromkeys(("invoice_id", "reference", "note"), cells.text),
}
_EMPTY = {"settles": None, "tax_on_top": None, "leaves_out": []}


def _billed_now(payment: InvoicePaid) -> dict[str, str] | None:
    key = (payment.source.pk, payment.billing_period, payment.invoice_id, payment.currency)
    billed, final = billed_of(key)
    if billed is None or not final:
        return None
    return {name: plain(value) for name, value in asdict(billed).items()}


def _keep(payment: InvoicePaid, pk: int, what: str, user: User | None) -> None:
    InvoicePaidChange.objects.create(payment_id=pk, what=what, said=said(payment), by=user)


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('attribution: paid', 0))")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Source):
        return value.name
    if isinstance(value, list):
        return ",".join(value)
    return plain(value) if isinstance(value, Decimal) else str(value)
