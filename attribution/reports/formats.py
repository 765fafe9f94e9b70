"""Answers written down for other programs and for terminals. Money is never rounded, except in the
table, which is for reading."""

from collections.abc import Iterable, Sequence
import csv
from datetime import date, datetime
from decimal import Decimal
import io
from itertools import chain
import json

from aicost.kernel.cells import quoted
from aicost.kernel.money import plain
from aicost.kernel.periods import utc_text
from attribution.reports.columns import COUNT, DECIMAL, MEASURE, is_additive, kind_of
from attribution.reports.parquet import pieces, schema_of_report
from attribution.reports.question import spec_values
from attribution.reports.spec import Answer

UNKNOWN = "unknown"


def to_json(answer: Answer) -> str:
    """{report, spec, currency, final, as_of, residual, rows}; decimals are strings, dates ISO,
    unknown is null."""
    document = {
        "report": answer.spec.report,
        "spec": spec_values(answer.spec),
        "currency": answer.currency,
        "final": answer.final,
        "as_of": plain_value(answer.as_of),
        "residual": plain_value(answer.residual),
        "missing_rates": [
            {"month": f"{month:%Y-%m}", "from": source, "to": target}
            for month, source, target in answer.missing_rates
        ],
        "rows": [{name: plain_value(row[name]) for name in answer.columns} for row in answer.rows],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def to_csv(answer: Answer) -> str:
    """A header and one line a row; unknown is empty; text cannot become a formula."""
    rows = ([row[name] for name in answer.columns] for row in answer.rows)
    return csv_text(chain([answer.columns], rows))


def csv_text(lines: Iterable[Iterable[object]], end: str = "\r\n") -> str:
    """Lines of CSV: exact, and no cell a formula. Numbers are cells of their own and never
    touched."""
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows([csv_cell(v) for v in line] for line in lines)
    return out.getvalue()


def to_parquet(answer: Answer) -> bytes:
    """The same schema whether or not there are rows; decimals stay exact."""
    rows = ([row[name] for name in answer.columns] for row in answer.rows)
    return b"".join(pieces(schema_of_report(answer.spec, answer.columns), rows))


def to_table(answer: Answer) -> str:
    """For a terminal: money to the cent, numbers on the right, a total per currency."""
    lines = [[_title(name) for name in answer.columns]]
    lines += [[_shown(name, row[name]) for name in answer.columns] for row in answer.rows]
    totals = [_total(answer, currency) for currency in _currencies(answer)]
    lines += totals
    widths = [max(len(line[n]) for line in lines) for n in range(len(answer.columns))]
    text = [_aligned(line, widths, answer.columns) for line in lines]
    rule = "-" * len(text[0])
    body = text[1 : len(text) - len(totals)]
    foot = [rule, *text[len(text) - len(totals) :]] if totals else []
    return "\n".join([text[0], rule, *(body or ["No rows."]), *foot, "", about(answer)])


def about(answer: Answer) -> str:
    """Period, basis, final or not, freshness and residual in one line."""
    period = f"{answer.spec.period.start} to {answer.spec.period.end} (excluded)"
    loaded = f"loaded {answer.as_of:%Y-%m-%d %H:%M} UTC" if answer.as_of else "nothing loaded"
    state = "final" if answer.final else "not final"
    residual = "not shown" if answer.residual is None else plain(answer.residual)
    line = f"{period}; {answer.spec.basis} cost; {state}; {loaded}; residual {residual}"
    missing = (f"{source} to {target} of {month:%Y-%m}"
               for month, source, target in answer.missing_rates)  # fmt: skip
    told = ", ".join(missing)
    return f"{line}\nNot converted, since there is no rate: {told}" if told else line


def plain_value(value: object) -> object:
    """A value as JSON has it: decimals and times as text, the rest as it is."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def csv_cell(value: object) -> object:
    """Exact, and no formula. Numbers are cells of their own and never touched."""
    return quoted(value) if isinstance(value, str) else plain_value(value)


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _shown(column: str, value: object) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, Decimal):
        if "_per_" in column:
            return f"{value:,.8f}"
        return f"{value:,.1f}" if "percent" in column else f"{value:,.2f}"
    if isinstance(value, int) and kind_of(column) == COUNT:
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(plain_value(value)) or "-"


def _currencies(answer: Answer) -> list[str | None]:
    """The currencies to total, when there is more than one row and a column that adds up."""
    if len(answer.rows) < 2 or "cost" not in answer.columns:
        return []
    return list(dict.fromkeys(row["currency"] for row in answer.rows))


def _total(answer: Answer, currency: str | None) -> list[str]:
    rows = [row for row in answer.rows if row["currency"] == currency]
    cells = []
    for number, name in enumerate(answer.columns):
        known = [row[name] for row in rows if row[name] is not None]
        if number == 0:
            cells.append("Total")
        elif name == "currency":
            cells.append(currency or "-")
        else:
            cells.append(_shown(name, sum(known)) if is_additive(name) and known else "")
    return cells


def _aligned(cells: Sequence[str], widths: Sequence[int], columns: Sequence[str]) -> str:
    parts = [
        cell.rjust(width) if kind_of(name) in (COUNT, DECIMAL, MEASURE) else cell.ljust(width)
        for cell, width, name in zip(cells, widths, columns, strict=True)
    ]
    return "  ".join(parts).rstrip()


FORMATS = {"table": to_table, "json": to_json, "csv": to_csv, "parquet": to_parquet}
