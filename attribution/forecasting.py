"""From a file of series to a file of forecasts: what `manage.py forecast` does. No Django."""

from collections import Counter
import csv
from datetime import date
from pathlib import Path

import numpy as np

from attribution.forecast import Forecast, NotEnoughData, month_end
from attribution.seriesfile import BadSeries, read_series

COLUMNS = ("series_id", "as_of", "month", "p50", "p10", "p90")


def forecast(series: Path, as_of: list[date], out: Path) -> list[str]:
    """Write a row for each series and day of asking; what to say about it. Raises BadSeries."""
    file = read_series(series, "d")
    answers = []
    for day in as_of:
        try:
            answers.append(month_end(file.panel, day))
        except NotEnoughData as error:
            raise BadSeries(f"{series}: {error}. Give another --as-of") from error
    with out.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(COLUMNS)
        for day, answer in zip(as_of, answers, strict=True):
            writer.writerows(_rows(file.panel.series, day, answer))
    lacking = Counter(reason for answer in answers for reason in answer.reason if reason)
    return [
        *(f"note: {note}" for note in file.notes if "usage" not in note),
        f"{len(file.panel.series)} series, month {', '.join(f'{day:%Y-%m}' for day in as_of)}",
        *(f"no forecast for {count}: {reason}" for reason, count in lacking.most_common()),
    ]


def _rows(names, day: date, answer: Forecast):
    month = f"{answer.period_start:%Y-%m}"
    for at, name in enumerate(names):
        figures = (answer.p50[at], answer.p10[at], answer.p90[at])
        texts = ["" if np.isnan(one) else f"{one:.2f}" for one in figures]
        yield (name, day.isoformat(), month, *texts)
