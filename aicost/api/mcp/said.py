"""What a tool says: a sentence, rows that fit into a model's context, and what to trust them by.

Structured for programs, and the same as text for models. Money is rounded for reading and stands
exact beside it; `null` is unknown, which is not zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
import json

from django.conf import settings

from aicost.kernel.money import plain
from aicost.kernel.periods import Period, utc_text
from aicost.web import numbers
from attribution.reports.columns import DECIMAL, MEASURE, is_additive, kind_of
from attribution.reports.spec import Answer

BYTES_MAX, BYTES_ASKED_MAX = 8_000, 32_000
TEXT_CHARS_MAX = 160
POOLS = ("workload", "shared", "idle", "unattributed")
CENT_PLACES = 2
_TEXT, _OBJECT = {"type": "string"}, {"type": "object"}
_MAYBE, _ROWS = {"type": ["string", "null"]}, {"type": "array", "items": _OBJECT}
# Short: a client hands it to its model with every tool. The instructions say what the words mean.
SCHEMA: dict = {
    "type": "object",
    "properties": {
        "answer": _TEXT,
        "report": _TEXT,
        "period": _OBJECT,
        "compared_with": _OBJECT,
        "currency": _MAYBE,
        "status": {"enum": ["final", "not final"]},
        "as_of": _MAYBE,
        "residual": _MAYBE,
        "url": _TEXT,
        "rows": _ROWS,
        "others": _ROWS,
        "total": _ROWS,
        "drivers": _ROWS,
        "notes": {"type": "array", "items": _TEXT},
    },
    "required": ["answer", "url", "rows", "notes"],
}


@dataclass(frozen=True)
class Said:
    """One answer. `columns` are those shown, of `rows` that `answer` gave; `path` is the page that
    shows the same, `folds` are the columns that may be summed over rows that are left out, `names`
    those that name a row; without `exact` only totals are exact beside rounded."""

    sentence: str
    answer: Answer | None
    path: str
    columns: tuple[str, ...]
    rows: Sequence[Mapping]
    rows_max: int = 20
    folds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    exact: bool = True
    total: Sequence[Mapping] = ()
    against: Period | None = None
    drivers: Sequence[Mapping] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping = field(default_factory=dict)
    bytes_max: int = BYTES_MAX


def structured(said: Said) -> dict:
    """The answer as JSON of at most `bytes_max` bytes: what is too much is folded further."""
    rows_max = min(said.rows_max, len(said.rows)) or 1
    while True:
        made = _made(replace(said, rows_max=rows_max))
        if _bytes(made) <= said.bytes_max or rows_max == 1:
            return made
        rows_max = max(1, rows_max * 3 // 4)


def short_schema(schema: object) -> object:
    """A JSON Schema without the titles that only repeat names."""
    if isinstance(schema, dict):
        return {
            name: short_schema(one)
            for name, one in schema.items()
            if not (name == "title" and isinstance(one, str)) and name != "minLength"
        }
    return [short_schema(one) for one in schema] if isinstance(schema, list) else schema


def text(made: Mapping) -> str:
    """The same for a model to read."""
    lines = [made["answer"], ""]
    for name in ("rows", "others", "total", "drivers"):
        lines += _table(name, made.get(name, ()))
    lines += [f"{name}: {json.dumps(value, ensure_ascii=False)}"
              for name, value in made.items() if name not in SCHEMA["properties"]]  # fmt: skip
    lines += [*(f"Note: {note}" for note in made["notes"]), _trusted(made), f"Page: {made['url']}"]
    return "\n".join(lines)


def span_of(period: Period) -> dict:
    return {
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "says": numbers.period(period, year=True).replace(numbers.NO_BREAK, " "),
    }


def as_json(value: object) -> object:
    """Exact: decimals without exponent, dates ISO."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return utc_text(value, "seconds")
    return value.isoformat() if isinstance(value, date) else value


def money(amount: Decimal | None, currency: str | None) -> str:
    """For sentences: $1,234.50."""
    return numbers.money(amount, currency)


def shown(column: str, value: object) -> object:
    """A cell: decimals as strings rounded for reading, long texts cut."""
    if isinstance(value, Decimal) and kind_of(column) in (DECIMAL, MEASURE):
        return plain_rounded(value, column)
    if isinstance(value, str):
        return value if len(value) <= TEXT_CHARS_MAX else f"{value[:TEXT_CHARS_MAX]}…"
    return as_json(value)


def plain_rounded(value: Decimal, column: str) -> str:
    """To the cent; unit costs to three digits, per cent to one place."""
    if "_per_" in column:
        places = max(2, 2 - value.adjusted()) if value else 2
        return f"{numbers.rounded(value, places):f}"
    places = 1 if "percent" in column or column.endswith("hours") else CENT_PLACES
    small = value and abs(value) < Decimal("0.005") and places == CENT_PLACES
    return plain(value) if small else f"{numbers.rounded(value, places):f}"


def summed(rows: Iterable[Mapping], columns: Sequence[str]) -> list[dict]:
    """The sums of columns by currency; None where every row is unknown."""
    found: dict[str | None, dict] = {}
    for row in rows:
        sums = found.setdefault(row.get("currency"), dict.fromkeys(columns))
        for name in columns:
            if row.get(name) is not None:
                sums[name] = row[name] if sums[name] is None else sums[name] + row[name]
    return [{"currency": currency, **sums} for currency, sums in found.items()]


def _made(said: Said) -> dict:
    kept, left = _split(said)
    folds = said.folds or tuple(name for name in said.columns if is_additive(name))
    others = [{"rows": len([r for r in left if r.get("currency") == one["currency"]]), **one}
              for one in summed(left, folds)] if left else []  # fmt: skip
    notes = list(said.notes)
    if not said.exact:
        notes.append("rows are rounded to the cent; the total is exact")
    if left:
        notes.append(f"{len(left)} more rows are summed as others: filter, or raise rows_max")
    return {
        "answer": _in_one_line(said.sentence),
        **_about(said),
        "url": f"{settings.AICOST_URL}{said.path}",
        "rows": [_row(row, said.columns, said.exact) for row in kept],
        "others": [_row(row, tuple(row)) for row in others],
        "total": [_row(row, tuple(row)) for row in said.total],
        **({"drivers": list(said.drivers)} if said.drivers else {}),
        **said.extra,
        "notes": [_in_one_line(note) for note in notes],
    }


def is_pool(row: Mapping, names: Sequence[str]) -> bool:
    """Whether the money stands on no name of the grouping."""
    return row.get("line") in POOLS and not any(row[name] for name in names)


def _split(said: Said) -> tuple[list[Mapping], list[Mapping]]:
    """The rows shown, and the rest: lines of pools are always shown, so that the bill is seen."""
    owned = [row for row in said.rows if not is_pool(row, said.names)]
    if len(said.rows) <= said.rows_max:
        return list(said.rows), []
    keep = max(1, said.rows_max - (len(said.rows) - len(owned)))
    cut = {id(row) for row in owned[keep:]}
    return ([row for row in said.rows if id(row) not in cut],
            [row for row in said.rows if id(row) in cut])  # fmt: skip


def _about(said: Said) -> dict:
    answer = said.answer
    if answer is None:
        return {}
    return {
        "report": answer.spec.report,
        "period": span_of(answer.spec.period),
        **({"compared_with": span_of(said.against)} if said.against else {}),
        "currency": answer.currency,
        "status": "final" if answer.final else "not final",
        "as_of": as_json(answer.as_of),
        "residual": as_json(answer.residual),
    }


def _row(row: Mapping, columns: Sequence[str], exact: bool = True) -> dict:
    """The cells, and under `exact` those that were rounded."""
    made = {name: shown(name, row[name]) for name in columns}
    if not exact:
        return made
    told = {
        name: plain(row[name])
        for name in columns
        if isinstance(row[name], Decimal) and Decimal(made[name]) != row[name]
    }
    return made | ({"exact": told} if told else {})


def bytes_of(made: Mapping) -> int:
    return len(json.dumps(made, ensure_ascii=False).encode())


def _bytes(made: Mapping) -> int:
    return max(bytes_of(made), len(text(made).encode()))


def _table(name: str, rows: Sequence[Mapping]) -> list[str]:
    if not rows:
        return []
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if name != "total" and "exact" in columns:
        columns.remove("exact")
    body = [" | ".join(_cell(row.get(c)) for c in columns) for row in rows]
    return [f"[{name}]", " | ".join(columns), *body, ""]


def _in_one_line(text: str) -> str:
    """Names of theirs are data: a line break in one does not make a line of its own."""
    return " ".join(text.split())


def _cell(value: object) -> str:
    """Neither does a bar make a cell."""
    if value is None:
        return "unknown"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return _in_one_line(str(value)).replace("|", "¦")


def _trusted(made: Mapping) -> str:
    parts = []
    if made.get("period"):
        days = made["period"]
        parts.append(f"{days['says']} ({days['from']} to {days['to']} excluded, UTC)")
    if made.get("status"):
        parts.append(made["status"])
    if made.get("currency"):
        parts.append(f"money in {made['currency']}, rounded; exact amounts are in the structured "
                     "answer")  # fmt: skip
    if made.get("as_of"):
        parts.append(f"loaded {made['as_of']}")
    if made.get("status"):
        residual = made.get("residual")
        parts.append(f"residual {'not shown' if residual is None else residual}")
    return "; ".join(parts) + "." if parts else ""
