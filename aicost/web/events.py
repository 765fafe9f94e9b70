"""What stands out: days on which a pool costs far more than usual, months with what moved them.

Pure: lines of tables in, sentences out. Nothing is known of any company; a day stands out against
the other days of the same view.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from aicost.kernel.periods import Period
from aicost.web import numbers
from aicost.web.tables import DESCRIBED, Block, Line

ZERO = Decimal(0)
POOLS = ("shared", "idle", "unattributed")
DAYS_MIN = 7
TIMES_USUAL, SHARE_OF_DAY = Decimal(2), Decimal("0.03")
EVENTS_MAX = 5
TITLE_CHARS_MAX = 40
SAYS = {
    "support": "support plan",
    "commitment": "commitment payments",
    "unobserved": "without telemetry",
    "unmetered": "tokens no call accounts for",
    "unclaimed": "without an owner",
}


@dataclass(frozen=True)
class Event:
    """Days in a row on which one state of a pool stands out, and what it cost on them."""

    period: Period
    line: str
    state: str
    cost: Decimal

    @property
    def what(self) -> str:
        return SAYS.get(self.state, DESCRIBED.get(self.state, self.state).lower())

    def text(self, currency: str) -> str:
        """ "14–15 Nov: empty idle $1,573"."""
        money = numbers.money(self.cost, currency, 0)
        return f"{numbers.period(self.period)}: {self.what} {money}"


def _runs(days: Sequence[date]) -> Iterable[list[date]]:
    run: list[date] = []
    for day in days:
        if run and day - run[-1] > timedelta(days=1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _of_line(line: Line, days: Sequence[date], floor: Decimal) -> Iterable[Event]:
    costs = {day: line.by_period.get(day, ZERO) for day in days}
    usual = median(costs.values())
    high = [day for day in days if costs[day] > usual * TIMES_USUAL and costs[day] - usual >= floor]
    for run in _runs(high):
        span = Period(run[0], run[-1] + timedelta(days=1))
        yield Event(span, line.line, line.key[1], sum((costs[day] for day in run), ZERO))


def standouts(by_state: Block, days: Sequence[date]) -> list[Event]:
    """The dearest events of a block grouped by state and stepped by day, in order of time. A day
    stands out when a pool's state costs over twice its median and the excess is at least 3 % of
    a median day's total; fewer than seven days have no usual."""
    if len(days) < DAYS_MIN:
        return []
    floor = median(by_state.total.by_period.get(day, ZERO) for day in days) * SHARE_OF_DAY
    found = [
        event
        for line in by_state.lines
        if line.line in POOLS and floor > 0
        for event in _of_line(line, days, floor)
    ]
    dearest = sorted(found, key=lambda event: -event.cost)[:EVENTS_MAX]
    return sorted(dearest, key=lambda event: (event.period.start, event.state))


@dataclass(frozen=True)
class Happening:
    """What happened on one day, as it was named: deploys, notes, prices, restatements, closes."""

    day: date
    text: str
    url: str


def happenings(rows: Iterable[Mapping]) -> list[Happening]:
    """Rows of the report `annotations` by day, commits left out: they are too many to read. A day
    on which more happened is named after the first and counts the others."""
    by_day: dict[date, list[Mapping]] = {}
    for row in rows:
        if row["kind"] != "commit":
            by_day.setdefault(row["at"].date(), []).append(row)
    found = []
    for day, these in sorted(by_day.items()):
        first, others = these[0], len(these) - 1
        title = first["title"]
        if len(title) > TITLE_CHARS_MAX:
            title = title[: TITLE_CHARS_MAX - 1].rstrip() + "…"
        text = f"{title} +{others}" if others else title
        found.append(Happening(day, text, first["url"]))
    return found


def growth(block: Block, months: Sequence[date]) -> Mapping[date, tuple[str, str, Decimal]]:
    """month -> (name, part, change) of the line that moved most since the month before, in the
    direction of the total; a month without a bill before it has none. The block is grouped by two
    dimensions and stepped by month."""
    found = {}
    for before, now in zip(months, months[1:], strict=False):
        if before not in block.total.by_period:
            continue
        moved = _change(block.total, before, now)
        same = [x for x in block.lines if _change(x, before, now) * moved > 0]
        if not same:
            continue
        most = max(same, key=lambda x: abs(_change(x, before, now)))
        part = DESCRIBED.get(most.names[1], most.names[1]).lower() if len(most.names) > 1 else ""
        found[now] = (most.names[0], part, _change(most, before, now))
    return found


def _change(line: Line, before: date, now: date) -> Decimal:
    return line.by_period.get(now, ZERO) - line.by_period.get(before, ZERO)
