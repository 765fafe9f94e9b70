"""The European Central Bank's history of reference rates, as CSV (docs/sources/ecb_rates.md).

One row a day, one column a currency, units of it for one euro. A complete month becomes one rate a
currency: the mean of the month's published days, as accountants use for a month's expenses.
"""

from collections.abc import Iterator
import csv
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
import io
import re
from typing import BinaryIO

from aicost.kernel.periods import month_start
from ingest.records import FxRateRecord
from ingest.sources.base import Head, RowReader, Unreadable

NAME = "ecb_rates"
BASE = "EUR"
ORIGIN = "ECB, mean of the month's days"
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_RATE = re.compile(r"\d{1,12}(\.\d{1,12})?\Z")
_QUANTUM = Decimal(1).scaleb(-18)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def identify(head: Head) -> bool:
    first, *rest = head.columns or ("",)
    named = [column for column in rest if column]
    return first == "Date" and "USD" in named and all(map(_CURRENCY.match, named))


def records(stream: BinaryIO, name: str) -> Iterator[FxRateRecord]:
    """The rates of every complete month. A day that cannot be read refuses the file: the month's
    mean would be another without it."""
    sums: dict[tuple[date, str], tuple[Decimal, int]] = {}
    newest = date.min
    for line, day, rates in _days(stream, name):
        month = month_start(day)
        newest = max(newest, month)
        for currency, text in rates:
            if not _RATE.match(text) or not Decimal(text):
                raise Unreadable(f"{text[:40]!r} is no rate of {currency}", f"{name}, line {line}",
                                 "Fetch the file again")  # fmt: skip
            total, days = sums.get((month, currency), (Decimal(0), 0))
            sums[month, currency] = _EXACT.add(total, Decimal(text)), days + 1
    for (month, currency), (total, days) in sorted(sums.items()):
        if month < newest:  # a month is over once the next one has a rate
            mean = _EXACT.divide(total, Decimal(days)).quantize(_QUANTUM, context=_EXACT)
            yield FxRateRecord(month, BASE, currency, mean, ORIGIN)


def _days(stream: BinaryIO, name: str) -> Iterator[tuple[int, date, list[tuple[str, str]]]]:
    """(line, day, [(currency, rate as text)]) of every row; N/A is no rate."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    seen: set[date] = set()
    try:
        rows = csv.reader(text)
        header = [column.strip() for column in next(rows, [])]
        for row in rows:
            if not any(row):
                continue
            where = f"{name}, line {rows.line_num}"
            if len(row) != len(header):
                told = f"{len(row)} fields where the header has {len(header)}"
                raise Unreadable(told, where, "Fetch the file again")
            day = _day(row[0].strip(), where)
            if day in seen:
                raise Unreadable(f"{day} is there twice", where, "Fetch the file again")
            seen.add(day)
            cells = zip(header[1:], map(str.strip, row[1:]), strict=True)
            yield rows.line_num, day, [(c, v) for c, v in cells if c and v not in ("", "N/A")]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"no CSV ({error})", name, "Fetch the file again") from error
    finally:
        text.detach()


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is no date YYYY-MM-DD", where, "Fetch it again") from None


READER = RowReader(NAME, "map", identify, records)
