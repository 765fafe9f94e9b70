"""A generated world as the detectors read it, and as the file a user would give."""

import csv
from pathlib import Path

import numpy as np

from attribution.detecting import with_calendar
from attribution.detectors.panel import Panel
from attribution.seriesfile import known_periods
from tests.attribution.detection.series import World


def panel_of(world: World, late: bool = True) -> Panel:
    """`late` False: the values as they ended up, known at once."""

    def single(values):
        return values.astype(np.float32)

    seen = tuple(single(one) for one in world.seen) if late and world.seen else None
    panel = Panel(
        tuple(world.series), world.days, single(world.cost), seen, single(world.usage),
        meta=world.meta,
    )  # fmt: skip
    return known_periods(with_calendar(panel, "US"), known_rows(world))


def known_rows(world: World) -> list[dict[str, str]]:
    return [
        {
            "series_id": name,
            "start": str(world.days[start]),
            "end": "" if end is None else str(world.days[min(end, world.days.size - 1)]),
            "kind": text,
        }
        for name, start, end, text in world.known
    ]


def write_files(world: World, folder: Path) -> tuple[Path, Path, Path]:
    """series.csv, meta.csv and known.csv; periods before a series begins have no row."""
    columns = [world.cost, world.usage, *(world.seen or ())]
    names = ["cost", "usage", "cost_d1", "cost_d2", "cost_d3"][: len(columns)]
    with (folder / "series.csv").open("w", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(["series_id", "date", *names])
        for at, name in enumerate(world.series):
            for day in np.flatnonzero(~np.isnan(world.cost[at])):
                values = [one[at, day] for one in columns]
                texts = ["" if np.isnan(v) else repr(float(v)) for v in values]
                writer.writerow([name, world.days[day], *texts])
    _write(folder / "meta.csv", [{"series_id": k, **v} for k, v in world.meta.items()])
    _write(folder / "known.csv", known_rows(world))
    return tuple(folder / name for name in ("series.csv", "meta.csv", "known.csv"))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as sink:
        writer = csv.DictWriter(sink, list(rows[0]) if rows else ["series_id", "start", "end"])
        writer.writeheader()
        writer.writerows(rows)
