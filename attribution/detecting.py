"""From a file of series to a file of flags: what `manage.py detect` does. Knows no Django."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from attribution.detectors.calendar import holiday_columns
from attribution.detectors.findings import Finding
from attribution.detectors.incidents import DIMENSIONS, findings_of, grouped
from attribution.detectors.lacking import in_words, lacking
from attribution.detectors.panel import Panel
from attribution.detectors.run import Judgement, judge
from attribution.flagsfile import write_flags
from attribution.seriesfile import BadSeries, known_periods, read_rows, read_series


def detect(
    series: Path,
    out: Path,
    meta: Path | None = None,
    known: Path | None = None,
    freq: str | None = None,
    sensitivity: str = "medium",
    country: str = "US",
    processes: int | None = None,
) -> list[str]:
    """Judge the series of a file and write their flags; what to say about it. Raises BadSeries."""
    file = read_series(series, freq)
    panel = with_calendar(file.panel, country)
    if meta is not None:
        rows = read_rows(meta, ("series_id",))
        panel = replace(
            panel, meta={row["series_id"]: {k: row.get(k, "") for k in DIMENSIONS} for row in rows}
        )
    if known is not None:
        panel = known_periods(panel, read_rows(known, ()), str(known))
    judged, findings = found(panel, sensitivity, processes)
    write_flags(out, replace(file, panel=panel), judged, findings)
    kinds = Counter(one.kind for one in findings)
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
    return [
        *(f"note: {note}" for note in file.notes),
        f"{len(panel.series)} series, {panel.periods.size} periods from {panel.periods[0]} to"
        f" {panel.periods[-1]}",
        *in_words(lacking(panel, sensitivity)),
        f"anomalies: {told}; in {len({one.group for one in findings})} incidents",
    ]


def found(
    panel: Panel, sensitivity: str = "medium", processes: int | None = None
) -> tuple[Judgement, list[Finding]]:
    """What stands out in a panel, by incident; `meta` of the panel tells what series share."""
    judged = judge(panel, sensitivity, processes)
    watched = panel.periods.size // (24 if panel.hourly else 1)
    return judged, grouped(findings_of(panel, judged), panel.meta, watched)


def with_calendar(panel: Panel, country: str) -> Panel:
    """The panel with the holidays of a country. Raises BadSeries for one nobody knows."""
    try:
        columns = holiday_columns(country, panel.periods)
    except ValueError as error:
        raise BadSeries(f"--country: {error}") from error
    return replace(panel, holiday=np.broadcast_to(columns, panel.cost.shape))
