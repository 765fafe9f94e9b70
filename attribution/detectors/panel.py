"""Many series on one calendar: what detectors and forecasts read."""

from dataclasses import dataclass, field, replace

import numpy as np

VINTAGES = ("first", "second", "third", "final")
FINAL_AGE = 3  # periods after which a value no longer changes


@dataclass(frozen=True)
class Panel:
    """Costs of `series` over `periods` (datetime64[D] or [h], without gaps). Arrays are (series,
    periods), float32, NaN where nothing is known.

    `cost` is final. `seen[k]` is what was visible k periods after the first look (k = 0, 1, 2);
    None: values never change, so the first is final. `known`: how many periods ago
    the last announced event that stays (a launch) began, -1 none; `in_known`: where one that passes
    is going on."""

    series: tuple[str, ...]
    periods: np.ndarray
    cost: np.ndarray
    seen: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    usage: np.ndarray | None = None
    known: np.ndarray | None = None
    in_known: np.ndarray | None = None
    holiday: np.ndarray | None = None
    meta: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def hourly(self) -> bool:
        return self.periods.dtype == np.dtype("datetime64[h]")

    @property
    def lag(self) -> int:
        """How many periods old the newest final value is when a period is first judged."""
        return FINAL_AGE if self.seen is not None else 0

    def rows(self, begin: int, end: int) -> "Panel":
        """The series from `begin` to before `end`."""
        return self.only(np.arange(begin, min(end, len(self.series))))

    def only(self, rows: np.ndarray) -> "Panel":
        """The series at these places."""

        def part(values):
            return None if values is None else values[rows]

        return replace(
            self,
            series=tuple(self.series[row] for row in rows),
            cost=self.cost[rows],
            seen=None if self.seen is None else tuple(one[rows] for one in self.seen),
            usage=part(self.usage),
            known=part(self.known),
            in_known=part(self.in_known),
            holiday=part(self.holiday),
        )

    def visible(self, age: int) -> np.ndarray:
        """The values as they stood `age` periods after the first look."""
        return self.cost if self.seen is None or age >= FINAL_AGE else self.seen[age]


def has_usage(panel: Panel) -> np.ndarray:
    """Of which series any usage is known."""
    if panel.usage is None:
        return np.zeros(len(panel.series), bool)
    return (panel.usage > 0).any(axis=1)
