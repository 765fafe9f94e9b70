"""From series to what was noticed: the detectors run, their findings said in exact money."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from attribution.alerting.levels import ORGANISATION, Scope
from attribution.alerting.series import Days, Watched
from attribution.detectors import DETECTORS
from attribution.detectors.baseline import BaselineSettings, track_of
from attribution.detectors.calendar import holiday_columns
from attribution.detectors.findings import SHARP, Detector, Dulled, Finding, settings_at
from attribution.detectors.incidents import findings_of
from attribution.detectors.panel import Panel
from attribution.detectors.run import Judgement, judge_part

MEDIUM, LOW = "medium", "low"
UNIT = "unit_cost"
BAND = np.float32(2)  # usual errors to either side
# panel, rows -> by row what each period was expected to cost
Bands = Callable[[Panel, list[int]], Mapping[int, Mapping]]


@dataclass(frozen=True)
class Known:
    """An announced event of a scope (any where level is ''): with an end it passes, without it is
    a launch."""

    level: str
    name: str
    begins: date
    ends: date | None

    def concerns(self, scope: Scope) -> bool:
        return self.level in ("", ORGANISATION) or (self.level, self.name) == scope[:2]


@dataclass(frozen=True)
class Judged:
    """A finding of one scope, and whether it is seen at low sensitivity too. `expected`: the
    expectation and the band it usually lies in, by day or hour, of those that had one."""

    scope: Scope
    finding: Finding
    sure: bool
    expected: Mapping

    @property
    def length(self) -> int:
        """Days from the first to the last."""
        return (self.finding.last - self.finding.onset).days + 1


def series_detectors() -> tuple[Detector, ...]:
    return tuple(one for one in DETECTORS if one.reads == "series" and "d" in one.frequencies)


def panel_of(
    watched: Watched,
    scopes: Sequence[Scope],
    costs: Mapping[Scope, Days],
    looks: tuple[Mapping[Scope, Days], ...] = ({}, {}, {}),
    usage: Mapping[Scope, Days] | None = None,
    known: Sequence[Known] = (),
    country: str = "",
) -> Panel:
    """The scopes as the detectors read them, in this order, named by their place. What was visible
    when is known from the looks on; before that a day is taken as complete when first seen."""
    days = list(watched.period.days())
    cost = _array(scopes, costs, days)
    seen = []
    for look in looks:
        one = _array(scopes, look, days)
        seen.append(np.where(np.isnan(one), cost, one))
    periods = np.array(days, dtype="datetime64[D]")
    since, passing = known_days(scopes, known, days)
    return Panel(
        series=tuple(str(place) for place in range(len(scopes))),
        periods=periods,
        cost=cost,
        seen=(seen[0], seen[1], seen[2]),
        usage=None if usage is None else _array(scopes, usage, days),
        known=since,
        in_known=passing,
        holiday=np.broadcast_to(holiday_columns(country, periods), cost.shape),
    )


def _array(scopes: Sequence[Scope], values: Mapping[Scope, Days], days: list[date]) -> np.ndarray:
    table = np.full((len(scopes), len(days)), np.nan, np.float32)
    first = days[0]
    for row, scope in enumerate(scopes):
        for day, value in values.get(scope, {}).items():
            if 0 <= (column := (day - first).days) < len(days):
                table[row, column] = value
    return table


def known_days(scopes: Sequence[Scope], known: Sequence[Known], days: list[date]):
    """How many days ago the last launch was (-1 none), and where an event that passes goes on."""
    since = np.full((len(scopes), len(days)), -1, np.int16)
    passing = np.zeros((len(scopes), len(days)), bool)
    for event in sorted(known, key=lambda event: event.begins):
        at = (event.begins - days[0]).days
        for row, scope in enumerate(scopes):
            if not event.concerns(scope) or at >= len(days):
                continue
            if event.ends is not None:
                passing[row, max(at, 0) : max((event.ends - days[0]).days + 1, 0)] = True
            else:
                begin = max(at, 0)
                since[row, begin:] = np.arange(begin - at, begin - at + len(days) - begin)
    return since, passing


def judged(
    panel: Panel,
    scopes: Sequence[Scope],
    dulled: Mapping[tuple[str, str], Dulled],
    detectors: tuple[Detector, ...],
    bands: Bands | None = None,
) -> list[Judged]:
    """What the detectors find, with the band around it. Series of which feedback made the rules
    duller are judged apart; those of the organisation never are."""
    classes: dict[Dulled, list[int]] = defaultdict(list)
    for row, scope in enumerate(scopes):
        factor = SHARP if scope.level == ORGANISATION else dulled.get(scope[:2], SHARP)
        classes[factor].append(row)
    found = []
    for factor, rows in classes.items():
        part = panel.only(np.array(rows))
        medium, low = (_findings(part, level, detectors, factor) for level in (MEDIUM, LOW))
        alarmed = sorted({int(finding.series) for finding in medium})
        around = (bands or _bands)(panel, alarmed)
        sure = {(one.series, period) for one in low for period in periods_of(one)}
        for finding in medium:
            row = int(finding.series)
            both = any((finding.series, period) in sure for period in periods_of(finding))
            found.append(Judged(scopes[row], finding, both, around[row]))
    return found


def periods_of(finding: Finding) -> list:
    """Its days, or its hours, from the first to the last."""
    step = timedelta(hours=1) if isinstance(finding.onset, datetime) else timedelta(days=1)
    count = (finding.last - finding.onset) // step + 1
    return [finding.onset + n * step for n in range(count)]


def _findings(panel: Panel, sensitivity: str, detectors, factor: Dulled) -> list[Finding]:
    judgement = Judgement(*judge_part(panel, sensitivity, detectors, factor))
    return findings_of(panel, judgement)


def _bands(panel: Panel, rows: list[int]) -> dict[int, dict[date, tuple]]:
    """Expected cost of each day of some series, and between what it usually lies."""
    if not rows:
        return {}
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        track = track_of(panel.only(np.array(rows)), settings_at(BaselineSettings, MEDIUM))
        spread = BAND * track.sigma[track.ages[-1]]
        middle = track.expected
        low = track.amount(track.expected_log - spread)
        high = track.amount(track.expected_log + spread)
    days = panel.periods.tolist()
    return {
        row: {
            day: (cents(middle[at, k]), cents(low[at, k]), cents(high[at, k]))
            for k, day in enumerate(days)
            if np.isfinite(middle[at, k]) and np.isfinite(high[at, k])
        }
        for at, row in enumerate(rows)
    }


def cents(value: np.float32) -> Decimal:
    """A judgement in money, to the cent: never booked."""
    return Decimal(f"{max(value, 0):.2f}")
