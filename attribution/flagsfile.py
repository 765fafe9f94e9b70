"""What the detectors found, written beside the rows it was found in."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from attribution.detectors.findings import Finding
from attribution.detectors.run import Judgement
from attribution.seriesfile import SeriesFile

COLUMNS = ("series_id", "date", "is_anomaly", "score", "expected", "group_id", "raised_on")
ROWS_AT_ONCE = 250_000


def write_flags(path: Path, file: SeriesFile, judged: Judgement, findings: list[Finding]) -> None:
    """One row for each row of the file, in its order, with its own spelling of dates."""
    groups = {
        event: one.group for one, event in zip(findings, events_in_order(judged), strict=True)
    }
    ids = pa.array(file.panel.series, pa.string())
    texts = pa.array(file.texts, pa.string())
    said = _spelled(file)
    # quotes only where a name asks for them: simple readers split at commas
    plain = _plain(file.panel.series) and _plain(file.texts) and _plain(groups.values())
    options = arrow_csv.WriteOptions(
        include_header=False, quoting_style="none" if plain else "needed"
    )

    def written(begin: int) -> bytes:
        part = slice(begin, begin + ROWS_AT_ONCE)
        rows, columns = file.series_code[part], file.column[part]
        number = judged.number[rows, columns]
        raised = np.where(number > 0, judged.raised[rows, columns], -1)
        sink = BytesIO()
        values = [
            ids.take(pa.array(rows)),
            texts.take(pa.array(file.date_code[part])),
            pa.array((number > 0).astype(np.int8)),
            _rounded(judged.score[rows, columns], 3),
            _rounded(judged.expected[rows, columns], 2),
            _named(groups, rows, number),
            said.take(pa.array(raised.astype(np.int32), mask=raised < 0)),
        ]
        arrow_csv.write_csv(pa.record_batch(values, COLUMNS), sink, options)
        return sink.getvalue()

    begins = range(0, file.column.size, ROWS_AT_ONCE)
    with path.open("wb") as sink, ThreadPoolExecutor(os.cpu_count()) as pool:
        sink.write((",".join(COLUMNS) + "\n").encode())
        sink.writelines(pool.map(written, begins))


def _plain(texts: Iterable[str]) -> bool:
    return not any(mark in text for text in texts for mark in ',"\n\r')


def events_in_order(judged: Judgement) -> list[tuple[int, int]]:
    """(series, number) of every event, in the order of `findings_of`."""
    rows, columns = np.nonzero(judged.number)
    pairs = np.unique(np.stack([rows, judged.number[rows, columns]], axis=1), axis=0)
    return [(int(row), int(number)) for row, number in pairs]


def _rounded(values: np.ndarray, digits: int) -> pa.Array:
    values = np.round(values.astype(np.float64), digits)
    return pa.array(values, mask=~np.isfinite(values))


def _named(groups, rows, number) -> pa.Array:
    names = np.full(rows.size, None, object)
    for at in np.flatnonzero(number):
        names[at] = groups[int(rows[at]), int(number[at])]
    return pa.array(names, pa.string())


def _spelled(file: SeriesFile) -> pa.Array:
    """Each period as the file spells it, else as ISO 8601."""
    unit = "h" if file.panel.hourly else "D"
    said = [
        text + ":00:00Z" if file.panel.hourly else text
        for text in np.datetime_as_string(file.panel.periods, unit=unit)
    ]
    code = np.full(len(said), -1)
    code[file.column[::-1]] = file.date_code[::-1]  # the first spelling of each stays
    for column in np.flatnonzero(code >= 0):
        said[column] = file.texts[code[column]]
    return pa.array(said, pa.string())
