"""GPUs that are paid for and do nothing, day after day; and machines left on over a weekend.

Facts `gpu_days`: a row per day, resource and who holds it, with GPU hours and money by state.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from attribution.detectors.findings import Detector, Noticed, setting
from attribution.detectors.words import money_text, when_text

IDLE = ("held_idle", "empty_idle", "unreserved")
HOLDERS = ("experiment", "workload")
ZERO = Decimal(0)
SATURDAY = 5


@dataclass(frozen=True)
class IdleGpuSettings:
    share: float = setting(0.8, "part of its GPU time that is idle", low=0.9, high=0.6)
    days: int = setting(5, "days in a row on which it is", low=7, high=3)
    cost: float = setting(100, "money its idle time cost on these days", low=200, high=50)


@dataclass(frozen=True)
class WeekendSettings:
    share: float = setting(0.95, "part of its GPU time idle on both days of a weekend")
    worked: int = setting(2, "days of the two weeks before on which it worked")
    cost: float = setting(50, "money its idle time cost on them", low=100, high=20)
    weeks: int = setting(2, "weeks in which such a weekend is told")


@dataclass
class Day:
    """One resource on one day: hours and money, idle and all, and who held the idle time."""

    hours: Decimal = ZERO
    idle_hours: Decimal = ZERO
    active_hours: Decimal = ZERO
    idle_cost: Decimal = ZERO
    held: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def share(self) -> Decimal:
        return self.idle_hours / self.hours if self.hours else ZERO


def by_resource(rows: Iterable[Mapping]) -> dict[tuple[str, str], dict[date, Day]]:
    """(resource, currency) -> day -> what it did."""
    found: dict[tuple[str, str], dict[date, Day]] = defaultdict(lambda: defaultdict(Day))
    for row in rows:
        day = found[row["resource"], row["currency"]][row["period"]]
        idle = sum((row[f"{state}_cost"] for state in IDLE), ZERO)
        day.hours += row["gpu_hours"]
        day.idle_hours += sum((row[f"{state}_hours"] for state in IDLE), ZERO)
        day.active_hours += row["active_hours"]
        day.idle_cost += idle
        for level in HOLDERS:
            if idle and row[level]:
                day.held[level, row[level]] += idle
                break
    return found


def idle_gpus(rows: list[Mapping], settings: IdleGpuSettings) -> Iterator[Noticed]:
    """Nodes idle on each of their last days, until the newest day of the rows."""
    through = max((row["period"] for row in rows), default=None)
    for (resource, currency), days in by_resource(rows).items():
        idle = _last_days(days, through, Decimal(str(settings.share)))
        cost = sum((days[day].idle_cost for day in idle), ZERO)
        if len(idle) < settings.days or cost < settings.cost:
            continue
        level, name = _holder([days[day] for day in idle], resource)
        yield _noticed(
            "idle_gpu", level, name, currency, idle[0], through, cost, resource,
            f"GPUs of {name} idle {when_text(idle[0], through)}: {money_text(cost, currency)}",
            f"GPUs are told that were idle for {settings.share:.0%} of their time on each of"
            f" {settings.days} days and cost {settings.cost:g} meanwhile.",
        )  # fmt: skip


def _last_days(days: Mapping[date, Day], through: date | None, share: Decimal) -> list[date]:
    """The days in a row up to the last one on which it was idle for so much of its time."""
    found: list[date] = []
    day = through
    while day is not None and day in days and days[day].hours and days[day].share >= share:
        found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


def weekends(rows: list[Mapping], settings: WeekendSettings) -> Iterator[Noticed]:
    """Nodes that worked on weekdays and stood idle, paid for, over a whole weekend."""
    through = max((row["period"] for row in rows), default=None)
    if through is None:
        return
    sunday = through - timedelta(days=(through.weekday() + 1) % 7)
    for (resource, currency), days in by_resource(rows).items():
        for back in range(settings.weeks):
            last = sunday - timedelta(days=7 * back)
            pair = [last - timedelta(days=1), last]
            if all(_stood(days.get(day), settings) for day in pair) and _worked(
                days, pair[0], settings
            ):
                cost = sum((days[day].idle_cost for day in pair), ZERO)
                if cost >= settings.cost:
                    yield _weekend(resource, currency, days, pair, cost, settings)


def _stood(day: Day | None, settings: WeekendSettings) -> bool:
    return day is not None and bool(day.hours) and day.share >= Decimal(str(settings.share))


def _worked(days: Mapping[date, Day], saturday: date, settings: WeekendSettings) -> bool:
    before = [saturday - timedelta(days=k) for k in range(1, 15)]
    worked = [day for day in before if day.weekday() < SATURDAY and day in days]
    return sum(days[day].active_hours > 0 for day in worked) >= settings.worked


def _weekend(resource, currency, days, pair, cost, settings: WeekendSettings) -> Noticed:
    level, name = _holder([days[day] for day in pair], resource)
    return _noticed(
        "weekend", level, name, currency, *pair, cost, resource,
        f"{name} left on over the weekend {when_text(*pair)}: {money_text(cost, currency)} idle",
        f"A machine is told that works on weekdays and was idle for {settings.share:.0%} of a whole"
        f" Saturday and Sunday, for {settings.cost:g} or more.",
        goes_on=False,
    )  # fmt: skip


def _holder(days: Iterable[Day], resource: str) -> tuple[str, str]:
    """Who held most of the idle time; the resource where nobody did."""
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    whole = ZERO
    for day in days:
        whole += day.idle_cost
        for who, cost in day.held.items():
            held[who] += cost
    best = max(held, key=lambda who: held[who], default=None)
    return best if best is not None and held[best] * 2 >= whole else ("resource", resource)


def _noticed(kind, level, name, currency, onset, last, cost, resource, title, rule, goes_on=True):
    return Noticed(
        level, name, currency, kind, onset, last, last, ZERO, cost, title, rule,
        goes_on=goes_on, evidence={"resources": [resource]},
    )  # fmt: skip


IDLE_GPU = Detector(
    "idle_gpu", "GPUs that are paid for and do nothing", "facts", IdleGpuSettings, idle_gpus,
    facts="gpu_days",
)  # fmt: skip
WEEKEND = Detector(
    "weekend", "A machine left on over a weekend", "facts", WeekendSettings, weekends,
    facts="gpu_days",
)  # fmt: skip
