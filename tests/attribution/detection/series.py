"""Cost series with planted events, seeded. Made to be unlike the detectors' own model: shapes are
drawn, not fitted; noise has heavy tails, memory and changing variance; growth bends; small steps
and bursts are no events; bills come in late and unevenly.

`company(seed, series)` gives a `World`: what a file of `manage.py detect` holds, and the truth.
"""

from dataclasses import dataclass, field

import numpy as np

from tests.attribution.detection import planting
from tests.attribution.detection.planting import Planted

DAYS = 400
HOLIDAYS = ("01-01", "07-04", "12-24", "12-25", "12-26", "12-31")
KINDS = ("steady", "noisy", "growing", "wavy", "wandering", "jobs", "weekly", "tiny", "office")
SHARES = (0.24, 0.13, 0.17, 0.1, 0.08, 0.1, 0.04, 0.06, 0.08)


@dataclass
class One:
    """One series while it is made."""

    kind: str
    normal: np.ndarray  # what each day would have cost without events
    noise: np.ndarray  # factor
    unit: np.ndarray | None = None  # cost per unit of usage; None: no usage is known
    begins: int = 0
    factor: np.ndarray = field(default_factory=lambda: np.ones(DAYS))
    price: np.ndarray = field(default_factory=lambda: np.ones(DAYS))
    extra: np.ndarray = field(default_factory=lambda: np.zeros(DAYS))

    @property
    def plain(self) -> np.ndarray:
        return self.normal * self.noise


@dataclass(frozen=True)
class World:
    """Arrays (series, days); NaN where the file has no value. `events` are the labels, `known` the
    rows (series, start, end or None, text) of announced events."""

    series: list[str]
    days: np.ndarray
    cost: np.ndarray
    seen: tuple[np.ndarray, np.ndarray, np.ndarray] | None
    usage: np.ndarray
    meta: dict[str, dict[str, str]]
    known: list[tuple[str, int, int | None, str]]
    events: list[Planted]
    kinds: list[str]

    @property
    def years(self) -> float:
        """Series-years watched: from the first period of each series on."""
        year = 365 if self.days.dtype == np.dtype("datetime64[D]") else 365 * 24
        return int((~np.isnan(self.cost)).sum()) / year


def company(seed: int, series: int = 200) -> World:
    rng = np.random.default_rng([seed, 6])
    start = np.datetime64("2024-06-01") + int(rng.integers(0, 400))
    days = start + np.arange(DAYS)
    names = [f"s{n:05d}" for n in range(series)]
    ones = [_one(rng, days) for _ in names]
    meta = {name: _meta(rng) for name in names}
    events: list[Planted] = []
    known: list[tuple[str, int, int | None, str]] = []
    for at, (name, one) in enumerate(zip(names, ones, strict=True)):
        known += planting.announced(rng, name, one)
        planting.decoys(rng, one)
        events += planting.own_events(rng, at, one, busy=[k[1] for k in known if k[0] == name])
    events += planting.incidents(rng, names, ones, meta, events)
    cost = np.stack([_cost(one) for one in ones])
    labels = planting.material(events, ones)
    usage = np.stack([_usage(rng, one) for one in ones])
    return World(names, days, cost, _vintages(rng, cost), usage, meta, known, labels,
                 [one.kind for one in ones])  # fmt: skip


def _cost(one: One) -> np.ndarray:
    cost = one.plain * one.factor * one.price + one.extra
    cost[: one.begins] = np.nan
    return np.round(cost, 2)


def _one(rng, days) -> One:
    kind = str(rng.choice(KINDS, p=SHARES))
    level = float(np.exp(rng.normal(np.log(160), 1.3)))
    if kind == "tiny":
        level = float(rng.uniform(0.3, 6))
    normal = level * _growth(rng, kind) * _week(rng, kind, days) * _month(rng, kind, days)
    normal = normal * _holidays(rng, days)
    if kind in ("jobs", "weekly"):
        normal = _jobs(rng, level) if kind == "jobs" else _weekly(rng, level, days)
    one = One(kind, normal, _noise(rng, kind))
    if rng.random() < 0.7 and kind not in ("jobs", "weekly"):
        steps = np.cumsum(rng.normal(0, 0.001, DAYS))
        one.unit = 0.002 * np.exp(steps + rng.normal(0, rng.uniform(0.005, 0.04), DAYS))
        if rng.random() < 0.3:
            # prices fall from time to time: good news is no event
            one.unit[int(rng.integers(60, DAYS)) :] *= rng.uniform(0.75, 0.95)
    if rng.random() < 0.08:
        one.begins = int(rng.integers(60, 340))
    return one


def _growth(rng, kind) -> np.ndarray:
    t = np.arange(DAYS)
    if kind == "growing":
        rate = np.zeros(DAYS)
        at = 0
        while at < DAYS:
            long = int(rng.integers(40, 140))
            rate[at : at + long] = rng.choice([0, 0.002, 0.004, 0.006]) * rng.uniform(0.6, 1.2)
            at += long
        smooth = np.convolve(np.pad(rate, 15, mode="edge"), np.ones(31) / 31, mode="valid")
        return np.exp(np.cumsum(smooth))
    if kind == "wavy":
        return 1 + rng.uniform(0.1, 0.25) * np.sin(
            2 * np.pi * (t / rng.uniform(90, 240) + rng.random())
        )
    if kind == "wandering":
        return np.exp(np.cumsum(rng.normal(0, rng.uniform(0.006, 0.018), DAYS)))
    return np.exp(np.cumsum(rng.normal(rng.normal(0.0003, 0.0004), 0.002, DAYS)))


def _week(rng, kind, days) -> np.ndarray:
    shape = 1 + rng.normal(0, 0.04, 7)
    weekend = rng.uniform(0.02, 0.3) if kind == "office" else rng.uniform(0.35, 1.05)
    shape[5:] *= weekend
    if rng.random() < 0.15:
        shape[int(rng.integers(0, 5))] *= rng.uniform(1.3, 2.2)  # a weekly batch
    weekday = (days.astype(int) + 3) % 7
    later = shape.copy()
    later[5:] = 1 - (1 - later[5:]) * rng.uniform(0.7, 1.2)  # the shape itself changes slowly
    blend = np.linspace(0, 1, DAYS)
    return np.maximum(shape[weekday] * (1 - blend) + later[weekday] * blend, 0.01)


def _month(rng, kind, days) -> np.ndarray:
    factor = np.ones(DAYS)
    if rng.random() > 0.25:
        return factor
    months = days.astype("datetime64[M]")
    number = (days - months.astype("datetime64[D]")).astype(int)
    left = ((months + 1).astype("datetime64[D]") - days).astype(int) - 1
    style = rng.choice(["end", "start", "middle"], p=[0.5, 0.4, 0.1])
    strength = rng.uniform(0.2, 1.2)
    span = int(rng.integers(1, 4))
    at = {"end": left < span, "start": number < span, "middle": number == 14}[str(style)]
    factor[at] += strength * rng.uniform(0.85, 1.15, at.sum())
    return factor


def _holidays(rng, days) -> np.ndarray:
    factor = np.ones(DAYS)
    if rng.random() < 0.5:
        text = np.datetime_as_string(days)
        at = np.array([one[5:] in HOLIDAYS for one in text]) | _moving(days)
        factor[at] = rng.uniform(0.35, 0.9) * rng.uniform(0.9, 1.1, at.sum())
    return factor


def _moving(days) -> np.ndarray:
    """The last Monday of May, the first of September, the fourth Thursday of November."""
    weekday = (days.astype(int) + 3) % 7
    text = np.datetime_as_string(days)
    month = np.array([one[5:7] for one in text])
    number = np.array([int(one[8:10]) for one in text])
    return (
        ((month == "05") & (weekday == 0) & (number > 24))
        | ((month == "09") & (weekday == 0) & (number <= 7))
        | ((month == "11") & (weekday == 3) & (number > 21) & (number <= 28))
    )


def _noise(rng, kind) -> np.ndarray:
    low, high = {"noisy": (0.14, 0.32), "jobs": (0.03, 0.1)}.get(kind, (0.02, 0.11))
    scale = rng.uniform(low, high)
    shape = rng.choice(["normal", "heavy", "regimes"], p=[0.55, 0.25, 0.2])
    steps = rng.standard_t(4, DAYS) / 1.4 if shape == "heavy" else rng.normal(size=DAYS)
    if shape == "regimes":
        for _ in range(2):
            at = int(rng.integers(0, DAYS))
            steps[at : at + int(rng.integers(25, 70))] *= rng.uniform(1.5, 2.2)
    memory = rng.choice([0, 0.3, 0.6], p=[0.5, 0.3, 0.2])
    noise = np.zeros(DAYS)
    for t in range(1, DAYS):
        noise[t] = memory * noise[t - 1] + steps[t] * np.sqrt(1 - memory**2)
    return np.exp(scale * noise)


def _jobs(rng, level) -> np.ndarray:
    """Training: nothing, then some days at a cost that differs from job to job."""
    cost = np.zeros(DAYS)
    at = int(rng.integers(0, 10))
    pause, long = rng.uniform(3, 12), rng.uniform(1.2, 4)
    while at < DAYS:
        lasts = 1 + int(rng.geometric(1 / long))
        cost[at : at + lasts] = 3 * level * np.exp(rng.normal(0, 0.3))
        at += lasts + 1 + int(rng.exponential(pause))
    return cost


def _weekly(rng, level, days) -> np.ndarray:
    """A batch on one or two weekdays, nothing in between."""
    weekday = (days.astype(int) + 3) % 7
    on = np.isin(weekday, rng.choice(7, size=int(rng.integers(1, 3)), replace=False))
    return np.where(on, 3 * level, 0.0)


def _usage(rng, one: One) -> np.ndarray:
    if one.unit is None:
        return np.full(DAYS, np.nan)
    usage = one.plain * one.factor / one.unit + one.extra / one.unit
    usage[: one.begins] = np.nan
    return np.round(usage)


def _vintages(rng, cost) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was seen after one, two and three days: by source, uneven, sometimes nearly nothing,
    sometimes later corrected downwards."""
    series = cost.shape[0]
    source = rng.integers(0, 5, series)
    usual = np.array([0.995, 0.95, 0.85, 0.72, 0.6])[source][:, None]
    even = np.array([400, 120, 60, 40, 30])[source][:, None]
    first = rng.beta(usual * even, (1 - usual) * even, cost.shape)
    # a source that is late is late for all its series on that day
    late = rng.random((5, cost.shape[1])) < 0.008
    first = np.where(late[source], first * rng.uniform(0.02, 0.6, cost.shape), first)
    second = first + (1 - first) * rng.beta(8, 2, cost.shape)
    third = second + (1 - second) * rng.beta(12, 2, cost.shape)
    down = np.where(rng.random(cost.shape) < 0.01, rng.uniform(1.0, 1.08, cost.shape), 1.0)
    return tuple(np.round(cost * part * down, 2) for part in (first, second, third))


def _meta(rng) -> dict[str, str]:
    team = int(rng.integers(0, 8))
    return {
        "team": f"team-{team}",
        "model": f"model-{int(rng.integers(0, 12))}",
        "service": f"service-{int(rng.integers(0, 6))}",
        "feature": f"feature-{team}-{int(rng.integers(0, 4))}",
    }
