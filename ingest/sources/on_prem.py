"""Owned hardware as daily charges: depreciation, power, hosting, people (docs/sources/on_prem.md).

One row is a machine, or like machines, over some days of one month. What belongs to a month or to a
life is spread by cumulative differences, so that the days of a month sum to the month's amount, and
those of a life to price less residual, to the last digit.
"""

from collections.abc import Iterable, Iterator, Mapping
import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
import io
import json
from typing import BinaryIO

from aicost.kernel.money import QUANTUM, SCALE, NotMoney, parse_decimal, to_ledger
from aicost.kernel.periods import month_of, month_start, next_month
from ingest.sources import cells, focus
from ingest.sources.base import BillReader, Head, Unreadable
from ingest.sources.hostlist import expand

NAME = "on_prem"
ISSUER = "On premises"
ACCOUNT = "on-premises"
NEEDED = ("nodes", "price", "currency", "purchased", "life_months")
COLUMNS = (
    *NEEDED, "resource_id", "cluster", "gpu_type", "gpus", "residual", "retired", "power_kw",
    "price_per_kwh", "pue", "hosting_per_month", "people_per_month", "shared_over", "account",
    "site", "team", "environment",
)  # fmt: skip
PERIOD = ("from", "to")
LIFE_MONTHS_MAX = 600
DEPRECIATION, POWER, HOSTING, PEOPLE = "Depreciation", "Power", "Hosting", "People"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Machines:
    """One line of hardware. Money is in `currency`: `price` and `residual` for each node, hosting
    and people a month for `shared_over` nodes together, power in kW for each node."""

    nodes: tuple[str, ...]
    resource_id: str
    cluster: str
    gpu_type: str
    gpus: int
    price: Decimal
    residual: Decimal
    currency: str
    purchased: date
    life_months: int
    retired: date | None
    power_per_day: Decimal
    hosting_per_month: Decimal
    people_per_month: Decimal
    shared_over: int
    account: str
    site: str
    tags: Mapping[str, str]

    @property
    def life_end(self) -> date:
        """The first day after the life; a day the month does not have is its last."""
        month = month_start(self.purchased)
        for _ in range(self.life_months):
            month = next_month(month)
        last = month_of(month).length_days
        return month.replace(day=min(self.purchased.day, last))

    def resource_of(self, node: str) -> str:
        return self.resource_id or node


def identify(head: Head) -> bool:
    return {*NEEDED, *PERIOD} <= {column.strip().lower() for column in head.columns}


def machines_of(lines: Iterable[str], name: str) -> list[Machines]:
    """The hardware of CSV lines, the first of them the header. Raises `Unreadable` naming line,
    column and cure."""
    return [machines for _, machines, _ in _rows(lines, name, COLUMNS)]


def flatten(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, FOCUS row) of every node, day and part of the cost."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        for line, machines, told in _rows(text, name, (*COLUMNS, *PERIOD)):
            try:
                first, end = (cells.calendar_day(told[column]) for column in PERIOD)
                if not month_start(first) <= first < end <= next_month(first):
                    raise ValueError("from and to: days of one month, to excluded")
            except ValueError as error:
                raise Unreadable(str(error), f"{name}, line {line}", "Correct the row") from error
            for number, node in enumerate(machines.nodes):
                for row in _node_rows(machines, number, node, first, end):
                    yield line, row
    finally:
        text.detach()


def spread(amount: Decimal, done: int, of: int) -> Decimal:
    """The first `done` of `of` equal parts of an amount, cut to whole quanta: differences of it
    sum exactly to the amount."""
    units = int(to_ledger(abs(amount)).scaleb(SCALE))
    part = Decimal(units * min(max(done, 0), of) // of) * QUANTUM
    return -part if amount < 0 else part


def _node_rows(m: Machines, number: int, node: str, first: date, end: date) -> Iterator[dict]:
    end = min(end, m.retired) if m.retired else end
    day = max(first, m.purchased)
    hosting = _share(m.hosting_per_month, m.shared_over, number)
    people = _share(m.people_per_month, m.shared_over, number)
    while day < end:
        month = month_of(day)
        nth, of = (day - month.start).days, month.length_days
        yield _row(m, node, day, DEPRECIATION, _depreciation(m, day), hours="24")
        for part, cost in (
            (POWER, to_ledger(m.power_per_day)),
            (HOSTING, spread(hosting, nth + 1, of) - spread(hosting, nth, of)),
            (PEOPLE, spread(people, nth + 1, of) - spread(people, nth, of)),
        ):
            if cost:
                yield _row(m, node, day, part, cost)
        day += ONE_DAY


def _share(amount: Decimal, over: int, number: int) -> Decimal:
    """What node `number`, counted from 0, bears of an amount shared over so many."""
    return spread(amount, number + 1, over) - spread(amount, number, over)


def _depreciation(m: Machines, day: date) -> Decimal:
    """Straight-line by day; what is left when a machine retires early stands on its last day."""
    value, days = m.price - m.residual, (m.life_end - m.purchased).days
    nth = (day - m.purchased).days
    done = days if m.retired and day + ONE_DAY == m.retired else nth + 1
    return spread(value, done, days) - spread(value, nth, days)


def _row(m: Machines, node: str, day: date, part: str, cost: Decimal, hours: str = "") -> dict:
    details = {"GpuCount": str(m.gpus), "InstanceType": m.gpu_type} if m.gpus else {}
    amount = f"{cost:f}"
    return {
        "BilledCost": amount,
        "EffectiveCost": amount,
        "BillingCurrency": m.currency,
        "BillingAccountId": m.account,
        "BillingPeriodStart": month_start(day).isoformat(),
        "ChargePeriodStart": day.isoformat(),
        "ChargePeriodEnd": (day + ONE_DAY).isoformat(),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "ProviderName": ISSUER,
        "InvoiceIssuerName": ISSUER,
        "ServiceCategory": "Compute" if m.gpus else "Other",
        "ServiceName": f"Own hardware: {part.lower()}",
        "x_UsageType": part,
        "ResourceId": m.resource_of(node),
        "ResourceName": node,
        "ResourceType": "Server",
        "RegionId": m.site,
        "x_InstanceType": (m.gpu_type or "gpu") if m.gpus else "",
        "ConsumedQuantity": hours,
        "ConsumedUnit": "Hours" if m.gpus else "",
        "SkuPriceDetails": json.dumps(details) if details else "",
        "Tags": json.dumps(dict(m.tags)) if m.tags else "",
    }


def _rows(lines: Iterable[str], name: str, known: tuple[str, ...]):
    """(physical line, machines, cells) of every row of hardware."""
    reader = csv.reader(lines)
    header: list[str] = []
    try:
        for cells_of_row in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells_of_row):
                continue
            if not header:
                header = _header(cells_of_row, known, f"{name}, line {line}")
                continue
            if len(cells_of_row) != len(header):
                raise ValueError(f"{len(cells_of_row)} fields where the header has {len(header)}")
            told = dict(zip(header, (cell.strip() for cell in cells_of_row), strict=True))
            yield line, _machines(told), told
    except (ValueError, csv.Error) as error:
        where = f"{name}, line {reader.line_num}"
        raise Unreadable(str(error), where, "docs/sources/on_prem.md has the columns") from error


def _header(row: list[str], known: tuple[str, ...], where: str) -> list[str]:
    header = [cell.strip().lower() for cell in row]
    unknown = sorted(set(header) - set(known))
    missing = [column for column in NEEDED if column not in header]
    if unknown or missing or len(set(header)) < len(header):
        told = f"has no column {missing[0]}" if missing else f"knows no column {unknown[:1]}"
        raise Unreadable(f"hardware {told}", where, f"Columns are {', '.join(known)}, each once")
    return header


def _machines(told: dict[str, str]) -> Machines:
    retired = told.get("retired", "")
    made = Machines(
        nodes=expand(_needed(told, "nodes")),
        resource_id=cells.text(told.get("resource_id", "")),
        cluster=told.get("cluster", ""),
        gpu_type=told.get("gpu_type", ""),
        gpus=_number(told, "gpus", 0, 1024),
        price=_money(told, "price"),
        residual=_money(told, "residual"),
        currency=cells.currency(_needed(told, "currency")),
        purchased=_day(told, "purchased"),
        life_months=_number(told, "life_months", 1, LIFE_MONTHS_MAX),
        retired=_day(told, "retired") if retired else None,
        power_per_day=_power(told),
        hosting_per_month=_money(told, "hosting_per_month"),
        people_per_month=_money(told, "people_per_month"),
        shared_over=1,
        account=told.get("account") or ACCOUNT,
        site=told.get("site", ""),
        tags={key: told[key] for key in ("team", "environment") if told.get(key)},
    )
    if not made.nodes:
        raise ValueError("nodes: name at least one")
    if made.resource_id and len(made.nodes) > 1:
        raise ValueError("resource_id: only for a line of one node")
    if made.residual > made.price:
        raise ValueError("residual: is more than the price")
    if made.retired and made.retired <= made.purchased:
        raise ValueError("retired: is not after purchased")
    over = _number(told, "shared_over", 1, 10**6) if told.get("shared_over") else len(made.nodes)
    if over < len(made.nodes):
        raise ValueError("shared_over: is less than the nodes of the line")
    return Machines(**{**vars(made), "shared_over": over})


def _power(told: dict[str, str]) -> Decimal:
    kilowatts, price = _money(told, "power_kw"), _money(told, "price_per_kwh")
    pue = _money(told, "pue") if told.get("pue") else Decimal(1)
    if kilowatts and not told.get("price_per_kwh"):
        raise ValueError("price_per_kwh: is needed with power_kw")
    if pue < 1:
        raise ValueError("pue: is the power of the site over that of the machines, at least 1")
    return kilowatts * 24 * price * pue


def _needed(told: dict[str, str], column: str) -> str:
    if not told.get(column):
        raise ValueError(f"{column}: is empty")
    return told[column]


def _money(told: dict[str, str], column: str) -> Decimal:
    text = told.get(column) or ("" if column in NEEDED else "0")
    try:
        value = to_ledger(parse_decimal(text))
    except NotMoney as error:
        raise ValueError(f"{column}: {error}") from error
    if value < 0:
        raise ValueError(f"{column}: {text} is negative")
    return value


def _number(told: dict[str, str], column: str, least: int, most: int) -> int:
    text = told.get(column) or ("" if column in NEEDED else "0")
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise ValueError(f"{column}: {text[:20]!r} is no whole number from {least} to {most}")
    return int(text)


def _day(told: dict[str, str], column: str) -> date:
    try:
        return cells.calendar_day(_needed(told, column))
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error


READER = BillReader(
    NAME,
    identify,
    focus.expression,
    focus.required,
    focus.strict,
    flatten=flatten,
    flattens_tables=True,
)
