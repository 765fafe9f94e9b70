"""Anomalies in 50,000 daily series of 400 points that come in late: in memory, from file to file.

The limit is a plain copy of the same bytes: what no judgement could undercut."""

from pathlib import Path
import shutil
import time

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from aicost.runtime.bench.registry import Measured
from aicost.runtime.bench.run import peak_mb, scratch_folder
from attribution.detecting import detect, with_calendar
from attribution.detectors.panel import Panel
from attribution.detectors.run import judge

NAME = "detect"
SIZE = 50_000
DAYS = 400
ROWS_AT_ONCE = 2_500


def run(size: int) -> list[Measured]:
    panel = with_calendar(_panel(size), "US")
    began = time.perf_counter()
    judge(panel)
    judged = Measured(NAME, size, time.perf_counter() - began, peak_mb=peak_mb())
    path = scratch_folder() / f"series_{size}.csv"
    _write(panel, path)
    flags = path.with_name("flags.csv")
    began = time.perf_counter()
    shutil.copyfile(path, flags)
    copied = time.perf_counter() - began
    began = time.perf_counter()
    detect(path, flags)
    whole = time.perf_counter() - began
    flags.unlink()
    return [judged, Measured(f"{NAME}_file", size, whole, copied, peak_mb())]


def _panel(size: int) -> Panel:
    """Weekly shapes, growth, noise, one spike in two series; bills complete after three days."""
    rng = np.random.default_rng(1)
    days = np.datetime64("2025-01-01") + np.arange(DAYS)
    weekend = (days.astype(int) + 3) % 7 >= 5
    cost = np.empty((size, DAYS), np.float32)
    for begin in range(0, size, ROWS_AT_ONCE):
        part = cost[begin : begin + ROWS_AT_ONCE]
        rows = part.shape[0]
        level = np.exp(rng.normal(5, 1.3, (rows, 1)))
        shape = np.where(weekend, rng.uniform(0.4, 1, (rows, 1)), 1)
        growth = np.exp(rng.normal(0, 0.001, (rows, 1)) * np.arange(DAYS))
        noise = np.exp(rng.normal(0, 1, part.shape) * rng.uniform(0.03, 0.2, (rows, 1)))
        part[:] = level * shape * growth * noise
        spiked = np.arange(0, rows, 2)
        part[spiked, rng.integers(60, DAYS, spiked.size)] *= 3
    seen = tuple(
        (cost * rng.uniform(low, 1, cost.shape)).astype(np.float32) for low in (0.7, 0.9, 0.97)
    )
    usage = (cost * 100 * np.exp(rng.normal(0, 0.02, cost.shape))).astype(np.float32)
    return Panel(tuple(f"series-{n:06d}" for n in range(size)), days, cost, seen, usage)


def _write(panel: Panel, path: Path) -> None:
    names = ("series_id", "date", "cost", "usage", "cost_d1", "cost_d2", "cost_d3")
    kinds = [pa.string(), pa.string(), *([pa.float64()] * 5)]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    texts = np.datetime_as_string(panel.periods)
    grids = (panel.cost, panel.usage, *panel.seen)
    options = arrow_csv.WriteOptions(quoting_style="needed")
    with arrow_csv.CSVWriter(path, schema, write_options=options) as writer:
        for begin in range(0, len(panel.series), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            ids = np.repeat(np.array(panel.series[part]), DAYS)
            dates = np.tile(texts, len(panel.series[part]))
            numbers = [np.round(grid[part].astype(float).ravel(), 2) for grid in grids]
            writer.write(pa.record_batch([pa.array(x) for x in (ids, dates, *numbers)], schema))
