"""The columns of the finance tables, and what a row of each must be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aicost.kernel.targets import ACTIVITIES, KINDS, STATES
from attribution.entities.changes import is_storable
from attribution.finance.bundles import BY, BadShares, shares_of
from attribution.finance.conditions import holds

COST_OF_REVENUE, RESEARCH, SALES, ADMINISTRATION, OTHER = CLASSES = (
    "cost_of_revenue",
    "research_and_development",
    "sales_and_marketing",
    "general_and_administrative",
    "other",
)
CLASS_NAMES = {
    COST_OF_REVENUE: "Cost of revenue",
    RESEARCH: "Research & development",
    SALES: "Sales & marketing",
    ADMINISTRATION: "General & administrative",
    OTHER: "Other",
}
DEBIT, CREDIT, ACCRUED, ROUNDING = SIDES = ("debit", "credit", "accrued", "rounding")
Row = Mapping[str, str]


class TableRefused(ValueError):
    """The table cannot be saved as it is: the message names row and column, `cure` what to do."""

    def __init__(self, message: str, cure: str = "Correct it and save again"):
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True)
class Column:
    """One column; `choices` are the only values, `known` those a list of conditions may name."""

    name: str
    label: str
    help: str = ""
    choices: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Shape:
    """One table: `conditions` say when a row holds, `settles` checks the table as a whole."""

    name: str
    title: str
    columns: tuple[Column, ...]
    conditions: tuple[str, ...]
    settles: Callable[[Sequence[Row]], None]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _condition(name: str, *known: str) -> Column:
    return Column(name, name.replace("_", " ").capitalize(), known=known)


_DATES = (
    Column("valid_from", "From", "first day of a month; empty: always"),
    Column("valid_to", "To", "first day of the first month it no longer holds"),
    Column("note", "Note"),
)
ALL_STATES = tuple(state for states in STATES.values() for state in states)
CLASS_CONDITIONS = ("kind", "state", "activity", "environment", "workload", "model", "feature",
                    "experiment", "team")  # fmt: skip
ACCOUNT_CONDITIONS = (
    "cost_class", "kind", "team", "department", "cost_centre", "source", "service",
)  # fmt: skip


def _last_takes_all(rows: Sequence[Row], conditions: Sequence[str], what: str) -> None:
    """Every cent needs a row: the last one matches whatever no row before it does."""
    last = rows[-1] if rows else {}
    used = [name for name in (*conditions, "valid_from", "valid_to") if last.get(name)]
    if not rows or used:
        told = f"has a condition ({', '.join(used)})" if rows else "is missing"
        raise TableRefused(
            f"the last {what} {told}, so some money would have none",
            "End with a row without conditions and dates",
        )


def _classes_settle(rows: Sequence[Row]) -> None:
    _last_takes_all(rows, CLASS_CONDITIONS, "cost class")


def _accounts_settle(rows: Sequence[Row]) -> None:
    for side in SIDES:
        of_side = [row for row in rows if row["side"] == side]
        _last_takes_all(of_side, ACCOUNT_CONDITIONS, f"{side} account")


def _splits_settle(rows: Sequence[Row]) -> None:
    """Every row names what it splits and over what; the first row that matches splits."""
    for number, row in enumerate(rows, 1):
        if not row["product"] and not row["plan"]:
            raise TableRefused(f"row {number}: names neither product nor plan", "Name one of them")
        try:
            shares_of(row)
        except BadShares as error:
            raise TableRefused(f"row {number}, features: {error}") from error


COST_CLASSES = Shape(
    "cost_classes",
    "Cost classes",
    (
        Column("cost_class", "Class", choices=CLASSES, required=True),
        _condition("kind", *KINDS),
        _condition("state", *ALL_STATES),
        _condition("activity", *ACTIVITIES),
        *(_condition(name) for name in CLASS_CONDITIONS[3:]),
        *_DATES,
    ),
    CLASS_CONDITIONS,
    _classes_settle,
)
ACCOUNTS = Shape(
    "accounts",
    "Accounts",
    (
        Column("side", "Side", "debit, credit, accrued or rounding", SIDES, required=True),
        Column("account", "Account", required=True),
        Column("name", "Name"),
        Column("book_to", "Book to", "a cost centre; empty: that of the team"),
        _condition("cost_class", *CLASSES),
        _condition("kind", *KINDS),
        *(_condition(name) for name in ACCOUNT_CONDITIONS[2:]),
        *_DATES,
    ),
    ACCOUNT_CONDITIONS,
    _accounts_settle,
)
REVENUE_SPLITS = Shape(
    "revenue_splits",
    "Bundled revenue",
    (
        Column("product", "Product", "as the revenue file names it in `feature`; (none): nothing"),
        Column("plan", "Plan", "of the customer; empty: any"),
        Column("by", "By", "shares, requests or outcomes", BY, required=True),
        Column("features", "Features", "search=60, answers=40", required=True),
        *_DATES,
    ),
    ("product", "plan"),
    _splits_settle,
)
SHAPES = {shape.name: shape for shape in (COST_CLASSES, ACCOUNTS, REVENUE_SPLITS)}


def checked(shape: Shape, rows: Sequence[Row]) -> list[dict[str, str]]:
    """The rows with every column, texts stripped, empty rows left out. Raises TableRefused."""
    found = []
    for row in rows:
        unknown = sorted(set(row) - set(shape.names))
        if unknown:
            raise TableRefused(
                f"there is no column {unknown[0]!r}", f"There are {', '.join(shape.names)}"
            )
        clean = {name: (row.get(name) or "").strip() for name in shape.names}
        if any(clean.values()):
            found.append(clean)
    for number, row in enumerate(found, 1):
        for column in shape.columns:
            _check_cell(number, column, row[column.name])
        if row["valid_from"] and row["valid_to"] and row["valid_to"] <= row["valid_from"]:
            raise TableRefused(f"row {number}: {row['valid_to']} is not after {row['valid_from']}")
    shape.settles(found)
    return found


def _check_cell(number: int, column: Column, text: str) -> None:
    where = f"row {number}, {column.name}"
    if column.required and not text:
        raise TableRefused(f"{where}: is needed")
    if not is_storable(text):
        told = f"{where}: holds a character that cannot be kept"
        raise TableRefused(told, "Leave out NUL and halves of characters")
    if column.choices and text and text not in column.choices:
        raise TableRefused(f"{where}: {text[:80]!r} is none of {', '.join(column.choices)}")
    if column.name in ("valid_from", "valid_to") and text:
        _check_date(where, text)
    if column.known and text:
        parts = [part.strip() for part in text.removeprefix("!").split(",") if part.strip()]
        for part in parts:
            if not any(holds(part, known) for known in column.known) and part != "(none)":
                raise TableRefused(f"{where}: {part[:80]!r} is none of {', '.join(column.known)}")


def _check_date(where: str, text: str) -> None:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise TableRefused(f"{where}: {text[:20]!r} is no date: write YYYY-MM-DD") from error
    if day.day != 1:
        raise TableRefused(
            f"{where}: {text} is within a month; books change between months",
            "Take the first day of a month",
        )
