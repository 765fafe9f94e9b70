"""Hourly series with planted events, as telemetry would give them: seeded, unlike the detectors'
model. `hours(seed, series)` gives a `World` whose `days` are hours."""

import numpy as np

from tests.attribution.detection.planting import Planted
from tests.attribution.detection.series import World

HOURS = 24 * 75
GATE_DOLLARS = 8
ODDS = {"spike": 0.4, "runaway": 0.15, "shift": 0.15, "outage": 0.15, "unit": 0.15}


def hours(seed: int, series: int = 40) -> World:
    rng = np.random.default_rng([seed, 24])
    start = np.datetime64("2025-02-01T00") + 24 * int(rng.integers(0, 300)) + int(rng.integers(24))
    times = start + np.arange(HOURS)
    names = [f"h{n:04d}" for n in range(series)]
    cost, usage, events, kinds = [], [], [], []
    for at in range(series):
        normal, noise, price, kind = _one(rng, times)
        factor, unit, planted = _events(rng, at, normal, noise)
        bought = normal * noise * factor
        cost.append(np.round(bought * unit, 4))
        usage.append(np.round(bought / price * np.exp(rng.normal(0, 0.02, HOURS))))
        events += planted
        kinds.append(kind)
    cost = np.stack(cost)
    meta = {name: {"team": f"t{int(rng.integers(0, 5))}"} for name in names}
    seen = _vintages(rng, cost) if seed % 2 else None
    return World(names, times, cost, seen, np.stack(usage), meta, [], events, kinds)


def _one(rng, times):
    hour = times.astype(int) % 24
    weekday = (times.astype("datetime64[D]").astype(int) + 3) % 7
    level = float(np.exp(rng.normal(np.log(9), 0.9)))
    kind = str(rng.choice(["consumer", "office", "flat", "batch"], p=[0.4, 0.25, 0.2, 0.15]))
    phase = rng.uniform(0, 24)
    if kind == "consumer":
        shape = 1 + rng.uniform(0.2, 0.7) * np.sin(2 * np.pi * (hour - phase) / 24)
        shape += 0.15 * np.sin(4 * np.pi * (hour - phase) / 24)
        shape *= np.where(weekday >= 5, rng.uniform(0.8, 1.25), 1)
    elif kind == "office":
        open_ = (hour >= 7) & (hour <= 18)
        shape = np.where(open_ & (weekday < 5), 1, rng.uniform(0.05, 0.35))
    elif kind == "flat":
        shape = np.ones(HOURS)
    else:
        at = int(rng.integers(0, 24))
        shape = np.where((hour - at) % 24 < rng.integers(1, 4), rng.uniform(2, 5), 0.6)
    if rng.random() < 0.2:
        # a job of one night a week
        night = (weekday == rng.integers(0, 7)) & (hour == rng.integers(0, 24))
        shape = shape + np.where(night, rng.uniform(1, 3), 0)
    slow = np.exp(np.cumsum(rng.normal(0, 0.003, HOURS)))
    growth = np.exp(rng.choice([0, 0.0002, 0.0004]) * np.arange(HOURS))
    scale = rng.uniform(0.03, 0.3)
    steps = rng.standard_t(5, HOURS) / 1.3 if rng.random() < 0.4 else rng.normal(size=HOURS)
    memory = rng.choice([0.0, 0.4, 0.8])
    noise = np.zeros(HOURS)
    for t in range(1, HOURS):
        noise[t] = memory * noise[t - 1] + steps[t] * np.sqrt(1 - memory**2)
    return level * shape * slow * growth, np.exp(scale * noise), rng.uniform(0.001, 0.01), kind


def _events(rng, at, normal, noise):
    factor, unit = np.ones(HOURS), np.ones(HOURS)
    planted: list[Planted] = []
    for _ in range(rng.poisson(0.5)):
        # bursts that are no events
        begin = int(rng.integers(100, HOURS - 10))
        factor[begin : begin + int(rng.integers(1, 5))] *= rng.uniform(1.05, 1.3)
    taken: list[int] = []
    for _ in range(rng.poisson(1.1)):
        begin = int(rng.integers(24 * 15, HOURS - 48))
        if any(abs(begin - other) < 24 * 9 for other in taken):
            continue
        taken.append(begin)
        kind = str(rng.choice(list(ODDS), p=list(ODDS.values())))
        lasts, size = _size(rng, kind)
        end = min(begin + lasts, HOURS)
        before = normal * noise * factor * unit
        (unit if kind == "unit" else factor)[begin:end] *= size
        apart = np.abs(normal * noise * factor * unit - before)[begin:end]
        usual = 1.4826 * float(np.median(np.abs(np.log(noise))))
        enough = apart[:6].sum() >= GATE_DOLLARS or apart[:24].sum() >= 2.5 * GATE_DOLLARS
        shows = abs(np.log(size)) * min(lasts, 6) ** 0.5 >= 2.5 * usual
        if enough and shows:
            planted.append(Planted(at, kind, begin, end - 1, "", float(apart[:72].sum())))
    return factor, unit, planted


def _size(rng, kind) -> tuple[int, float]:
    """Hours it lasts and what it multiplies."""
    if kind == "spike":
        return int(rng.integers(2, 9)), 1 + float(np.exp(rng.normal(np.log(1.6), 0.5)))
    if kind == "runaway":
        return int(rng.integers(12, 72)), rng.uniform(1.5, 3.5)
    if kind == "shift":
        return HOURS, rng.uniform(1.4, 2.5)
    if kind == "outage":
        return int(rng.integers(5, 30)), rng.uniform(0.0, 0.25)
    return (HOURS if rng.random() < 0.5 else int(rng.integers(24, 240))), rng.uniform(1.18, 1.8)


def _vintages(rng, cost):
    first = rng.beta(40, 4, cost.shape)
    second = first + (1 - first) * rng.beta(8, 2, cost.shape)
    third = second + (1 - second) * rng.beta(20, 1, cost.shape)
    return tuple(np.round(cost * part, 4) for part in (first, second, third))
