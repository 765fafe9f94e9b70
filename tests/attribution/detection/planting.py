"""Events planted into series: what the scorer calls true, and what only looks like it."""

from dataclasses import dataclass, replace

import numpy as np

DAYS = 400
# what a person would want to be told of: dollars a day and part beyond normal
MATERIAL = {"spike": (20, 0.3), "shift": (20, 0.25), "drift": (20, 0.3), "drop": (20, 0.5),
            "unit": (6, 0.13), "job": (20, 0.0), "long": (20, 0.0), "new": (25, 0.0)}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One event of one series: first and last day, and the dollars beyond normal on them."""

    at: int
    kind: str
    start: int
    end: int
    group: str = ""
    excess: float = 0.0


def announced(rng, name, one) -> list[tuple[str, int, int | None, str]]:
    """Launches, which stay, and migrations, which pass: both in the file of known events."""
    known = []
    if one.begins and rng.random() < 0.2:
        known.append((name, one.begins, None, "launch"))
    if one.kind in ("jobs", "weekly", "tiny"):
        return known
    if rng.random() < 0.22:
        at = int(rng.integers(40, DAYS - 20))
        rise = 1 + rng.uniform(0.3, 1.6)
        ramp = int(rng.choice([1, 1, 10, 25]))
        one.factor[at:] *= 1 + (rise - 1) * np.minimum(np.arange(1, DAYS - at + 1) / ramp, 1)
        known.append((name, at, None, "launch"))
    if rng.random() < 0.12:
        at = int(rng.integers(40, DAYS - 20))
        last = at + int(rng.integers(0, 5))
        one.factor[at : last + 1] *= rng.uniform(1.6, 4)
        known.append((name, at, last, "backfill"))
    return known


def decoys(rng, one) -> None:
    """Steps and bursts too small to be told, and the odd missing day."""
    for _ in range(rng.poisson(0.7)):
        one.factor[int(rng.integers(20, DAYS)) :] *= 1 + rng.uniform(-0.12, 0.12)
    for _ in range(rng.poisson(0.5)):
        at = int(rng.integers(20, DAYS))
        one.factor[at : at + int(rng.integers(1, 3))] *= 1 + rng.uniform(0.05, 0.2)


def own_events(rng, at, one, busy) -> list[Planted]:
    """About one a series-year, apart from each other and from announced ones."""
    events = []
    if one.begins and one.begins not in busy:
        events.append(Planted(at, "new", one.begins, min(one.begins + 6, DAYS - 1)))
    taken = [*busy, *([one.begins] if one.begins else [])]
    for _ in range(rng.poisson(1.05)):
        day = int(rng.integers(max(50, one.begins + 50), DAYS - 8)) if one.begins < 330 else 0
        if day == 0 or any(abs(day - other) < 45 for other in taken):
            continue
        taken.append(day)
        events.append(_plant(rng, at, one, day, _kind(rng, one)))
    return events


def _kind(rng, one) -> str:
    if one.kind in ("jobs", "weekly"):
        return str(rng.choice(["job", "long"] if one.kind == "jobs" else ["job"]))
    kinds, odds = ["spike", "shift", "drift", "drop", "unit"], [0.36, 0.22, 0.12, 0.16, 0.14]
    if one.unit is None:
        kinds, odds = kinds[:4], [0.42, 0.26, 0.14, 0.18]
    return str(rng.choice(kinds, p=odds))


def _plant(rng, at, one, day, kind, size=None) -> Planted:
    """Change the series from `day` on; `size` is the part added, drawn when None."""
    stays = rng.random() < 0.55
    lasts = DAYS if stays else int(rng.integers(8, 40))
    if kind == "spike":
        lasts = int(rng.choice([1, 1, 1, 2, 3, 5]))
        rise = size or float(np.exp(rng.normal(np.log(1.1), 0.6)))
        shape = rng.uniform(0.7, 1.1, lasts) if lasts > 1 else np.ones(1)
        end = min(day + lasts, DAYS)
        one.factor[day:end] *= 1 + rise * shape[: end - day]
    elif kind == "shift":
        rise = size or rng.uniform(0.22, 1.5)
        end = min(day + lasts, DAYS)
        one.factor[day:end] *= 1 + rise
    elif kind == "drift":
        ramp = int(rng.integers(18, 60))
        rise = size or rng.uniform(0.35, 1.6)
        bend = rng.choice([0.8, 1.0, 1.4])
        path = np.minimum(np.arange(1, DAYS - day + 1) / ramp, 1) ** bend
        one.factor[day:] *= 1 + rise * path
        end = min(day + ramp, DAYS)
    elif kind == "drop":
        lasts = DAYS if rng.random() < 0.3 else int(rng.integers(2, 16))
        end = min(day + lasts, DAYS)
        one.factor[day:end] *= 1 - (size or rng.uniform(0.45, 1.0))
    elif kind == "unit":
        end = min(day + lasts, DAYS)
        one.price[day:end] *= 1 + (size or rng.uniform(0.12, 0.8))
    else:
        return _plant_job(rng, at, one, day, kind)
    return Planted(at, kind, day, end - 1)


def _plant_job(rng, at, one, day, kind) -> Planted:
    """A job that costs or lasts a multiple of any before it."""
    before = one.plain[max(day - 180, 0) : day]
    top = float(before.max()) if before.size else 0.0
    on = np.flatnonzero(before > 0)
    if kind == "long":
        runs = np.split(on, np.flatnonzero(np.diff(on) > 1) + 1)
        longest = max((len(run) for run in runs), default=1)
        lasts = int(longest * rng.uniform(2, 3.5)) + 3
        rate = float(np.median(before[on])) if on.size else 0.0
        end = min(day + lasts, DAYS)
        one.extra[day:end] = np.maximum(rate - one.plain[day:end], 0)
    else:
        end = min(day + int(rng.integers(1, 4)), DAYS)
        one.extra[day:end] = top * rng.uniform(1.6, 4)
    return Planted(at, kind, day, end - 1)


def incidents(rng, names, ones, meta, events) -> list[Planted]:
    """One cause, many series: a bad release of a model, a price of a service."""
    planted = []
    taken = {}
    for event in events:
        taken.setdefault(event.at, []).append(event.start)
    for number in range(max(len(names) // 70, 1)):
        dimension = str(rng.choice(["model", "service", "team"]))
        value = meta[names[int(rng.integers(0, len(names)))]][dimension]
        day = int(rng.integers(60, DAYS - 30))
        kind = str(rng.choice(["spike", "shift"]))
        size = rng.uniform(0.6, 2.0)
        members = [at for at, name in enumerate(names) if meta[name][dimension] == value]
        for at in list(rng.permutation(members))[:8]:
            one = ones[at]
            if one.kind in ("jobs", "weekly", "tiny") or one.begins > day - 50:
                continue
            if any(abs(day - other) < 45 for other in taken.get(at, [])):
                continue
            taken.setdefault(at, []).append(day)
            event = _plant(rng, int(at), one, day, kind, size * rng.uniform(0.8, 1.2))
            planted.append(replace(event, group=f"incident-{number}"))
    return planted


def material(events, ones) -> list[Planted]:
    """The labels: events big enough to be worth telling, with what they cost beyond normal in
    their first four weeks. The rest stays in the data, without a label."""
    labels = []
    for event in events:
        one = ones[event.at]
        span = slice(event.start, min(event.end, event.start + 27) + 1)
        normal = _without(one, event)[span]
        cost = (one.plain * one.factor * one.price + one.extra)[span]
        apart = cost - normal
        dollars, share = MATERIAL[event.kind]
        most = apart[-7:] if event.kind == "drift" else apart[:5]
        base = normal[-7:] if event.kind == "drift" else normal[:5]
        if event.kind == "new":
            most, base = cost[:7], np.zeros(7)
        mean = abs(float(most.mean()))
        if (
            mean >= dollars
            and mean >= share * float(base.mean())
            and _shows(one, event, most, base)
        ):
            labels.append(replace(event, excess=float(np.abs(most.mean()) * len(apart))))
    return labels


def _shows(one, event, most, base) -> bool:
    """Whether an eye on the chart could see it: beyond 2.5 of the series' own daily noise."""
    if event.kind not in ("spike", "shift", "drift", "drop"):
        return True
    sizes = np.abs(np.log(one.noise))
    usual = 1.4826 * float(np.median(sizes))
    move = abs(np.log(max(1 + most.sum() / base.sum(), 0.01)))
    return move * len(most) ** 0.5 >= 2.5 * usual


def _without(one, event) -> np.ndarray:
    """The series without this event: what stood before it carried on, other events kept."""
    if event.kind in ("job", "long"):
        return one.plain * one.factor
    if event.kind == "unit":
        return one.plain * one.factor * one.price[event.start - 1]
    return one.plain * one.factor[max(event.start - 1, 0)] * one.price
