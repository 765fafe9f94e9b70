"""Series from outside: CSV files in, a panel for the detectors and the forecast, CSV files out.

Money here is judged, never booked: costs become floats. Whatever cannot be read stops the whole
file with its name, the physical line and a cure.
"""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv
import pyarrow.compute as pc

from attribution.detectors.panel import Panel

NUMBERS = ("cost", "usage", "cost_d1", "cost_d2", "cost_d3")
BLANK = ("", "NULL", "null", "NaN", "nan", "NA", "N/A", "None")
PERIODS_MAX = 50_000
UNITS = {"d": "datetime64[D]", "h": "datetime64[h]"}


class BadSeries(ValueError):
    """A file of series that cannot be read; says file, line and cure."""


@dataclass(frozen=True)
class SeriesFile:
    """A file as read. `series_code`, `date_code` (into `texts`) and `column` (period of the panel)
    per row of the file, in its order; `texts` are the dates as the file writes them."""

    panel: Panel
    series_code: np.ndarray
    date_code: np.ndarray
    column: np.ndarray
    texts: list[str]
    notes: list[str]


def read_series(path: Path, freq: str | None = None) -> SeriesFile:
    """The series of a file. `freq` "d" or "h"; None: hourly if a time of day is ever given.
    Raises BadSeries."""
    names, delimiter = _header(path)
    table = _table(path, names, delimiter)
    if table.num_rows == 0:
        raise BadSeries(f"{path}: no rows below the header. Give at least one")
    ids, series_code = _coded(path, table["series_id"], "series_id")
    texts, date_code = _coded(path, table["date"], "date")
    moments = _moments(path, texts, names, delimiter)
    unit = UNITS[freq or _guess(moments)]
    stamps = np.array([moment.replace(tzinfo=None) for moment in moments], "datetime64[s]")
    if unit == UNITS["d"]:
        stamps = stamps.astype("datetime64[D]")
    steps = stamps.astype(unit)
    first, last = steps.min(), steps.max()
    count = int((last - first).astype(int)) + 1
    if count > PERIODS_MAX:
        raise BadSeries(
            f"{path}: dates reach from {first} to {last}, {count} periods. Correct the odd one"
            f" out, or split the file: {PERIODS_MAX} are read at most"
        )
    column = (steps - first).astype(np.int32)[date_code]
    _check_once(path, series_code, column, count, ids, texts, date_code)
    grids = {
        name: _grid(path, table, name, series_code, column, (len(ids), count))
        for name in NUMBERS
        if name in table.column_names
    }
    panel, notes = _panel(tuple(ids), first + np.arange(count), grids)
    return SeriesFile(panel, series_code, date_code, column, texts, notes)


def _header(path: Path) -> tuple[list[str], str]:
    """Column names, lower case, and the delimiter of a file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            line = lines.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSeries(f"{path}: {error}. Give a CSV file in UTF-8") from error
    delimiter = max(",;\t", key=line.count)
    names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
    missing = [name for name in ("series_id", "date", "cost") if name not in names]
    if missing:
        raise BadSeries(
            f"{path}, line 1: no column {', '.join(missing)}; found"
            f" {', '.join(names) or 'nothing'}. Name the columns series_id, date, cost and, where"
            " known, usage, cost_d1, cost_d2, cost_d3"
        )
    return names, delimiter


def _table(path: Path, names: list[str], delimiter: str) -> pa.Table:
    coded = pa.dictionary(pa.int32(), pa.string())
    types = {name: pa.float64() for name in NUMBERS} | {"series_id": coded, "date": coded}
    try:
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: kind for name, kind in types.items() if name in names},
                include_columns=[name for name in types if name in names],
                null_values=list(BLANK),
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _first_fault(path, names, delimiter, str(error)) from error


def _first_fault(path: Path, names: list[str], delimiter: str, otherwise: str) -> BadSeries:
    """Where the file first goes wrong: a second, slow reading of one that will be refused."""
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
        rows = csv.reader(lines, delimiter=delimiter)
        next(rows, None)
        for row in rows:
            at = f"{path}, line {rows.line_num}"
            if row and len(row) != len(names):
                return BadSeries(f"{at}: {len(row)} fields, the header has {len(names)}. Mend it")
            for name, text in zip(names, row, strict=False):
                if name in NUMBERS and not _is_number(text):
                    return BadSeries(
                        f"{at}: {name} is {text!r}, no number. Write it like 1234.56, or leave it"
                        " blank if unknown"
                    )
    return BadSeries(f"{path}: {otherwise}")


def _is_number(text: str) -> bool:
    if text.strip() in BLANK:
        return True
    try:
        return "_" not in text and np.isfinite(float(text))
    except ValueError:
        return False


def _coded(path, column, what) -> tuple[list[str], np.ndarray]:
    """The distinct texts of a column and the place of each row's among them."""
    one = column.unify_dictionaries().combine_chunks()
    if isinstance(one, pa.ChunkedArray):
        one = one.chunk(0)
    values, codes = one.dictionary.to_pylist(), one.indices.to_numpy(zero_copy_only=False)
    blank = [code for code, value in enumerate(values) if not value.strip()]
    if blank:
        line = _line_of(path, int(np.flatnonzero(np.isin(codes, blank))[0]))
        raise BadSeries(f"{path}, line {line}: no {what}. Give one in every row")
    return values, codes


def _line_of(path: Path, row: int) -> int:
    """The physical line on which a row (from 0) ends."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        next(rows, None)
        filled = (rows.line_num for one in rows if one)
        for _ in range(row):
            next(filled, None)
        return next(filled, row + 2)


def _moments(path, texts, names, delimiter) -> list[datetime]:
    moments = []
    for text in texts:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            line = _line_holding(path, names, delimiter, text)
            raise BadSeries(
                f"{path}, line {line}: {text!r} is no date. Write 2026-01-31, or"
                " 2026-01-31T23:00:00Z for an hour"
            ) from error
        moments.append(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    return moments


def _line_holding(path, names, delimiter, text) -> int:
    place = names.index("date")
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter=delimiter)
        return next(rows.line_num for row in rows if len(row) > place and row[place] == text)


def _guess(moments: list[datetime]) -> str:
    return "h" if any(moment.hour or moment.minute for moment in moments) else "d"


def _check_once(path, series_code, column, count, ids, texts, date_code) -> None:
    key = series_code.astype(np.int64) * count + column
    taken = np.zeros(len(ids) * count, bool)
    taken[key] = True
    if np.count_nonzero(taken) == key.size:
        return
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(np.diff(key[order]) == 0)
    if again.size:
        row = int(order[again + 1].min())
        name, day = ids[series_code[row]], texts[date_code[row]]
        raise BadSeries(
            f"{path}, line {_line_of(path, row)}: a second row of {name!r} for {day}. Keep one row"
            " for each series and period (add their costs up)"
        )


def _grid(path, table, name, series_code, column, shape) -> np.ndarray:
    values = table[name].combine_chunks()
    values = pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False)
    if np.isinf(values).any():
        line = _line_of(path, int(np.flatnonzero(np.isinf(values))[0]))
        raise BadSeries(f"{path}, line {line}: {name} is without end. Write a number")
    grid = np.full(shape, np.nan, np.float32)
    grid[series_code, column] = values
    return grid


def _panel(ids, periods, grids) -> tuple[Panel, list[str]]:
    """The panel of what the file holds; what it lacks is said."""
    notes = []
    cost, usage = grids["cost"], grids.get("usage")
    late = [grids.get(f"cost_d{k}") for k in (1, 2, 3)]
    if usage is None or np.isnan(usage).all():
        notes.append("no usage: cost per unit is not judged")
        usage = None
    if all(one is None or np.isnan(one).all() for one in late):
        notes.append("no cost_d1, cost_d2, cost_d3: every cost is taken as final from the start")
        return Panel(ids, periods, cost, None, usage), notes
    seen: list[np.ndarray] = []
    for one in late:
        before = seen[-1] if seen else np.full_like(cost, np.nan)
        # what was visible stays visible while nothing newer is known
        seen.append(before if one is None else np.where(np.isnan(one), before, one))
    cost = np.where(np.isnan(cost), seen[-1], cost)
    return Panel(ids, periods, cost, tuple(seen), usage), notes


def known_periods(panel: Panel, rows: list[dict[str, str]], path: str = "known") -> Panel:
    """The panel with announced events: rows with `start` (or `date`) and, where it passes, `end`;
    for the series, or all series whose meta value matches, or all. Raises BadSeries."""
    known = np.full(panel.cost.shape, -1, np.int32)
    passing = np.zeros(panel.cost.shape, bool)
    columns = np.arange(panel.periods.size)
    launches = []
    for number, row in enumerate(rows, 2):
        start, end = _window(panel, row, f"{path}, line {number}")
        members = _members(panel, row)
        if end is not None and end - start < _passing_periods(panel):
            passing[members, max(start, 0) : max(end + 1, 0)] = True
        else:
            launches.append((start, members))
            if end is not None:
                launches.append((end + 1, members))
    for start, members in sorted(launches, key=lambda one: one[0]):
        if start < columns.size:
            begin = max(start, 0)
            known[members, begin:] = columns[begin:] - start
    return replace(panel, known=known, in_known=passing)


def _passing_periods(panel: Panel) -> int:
    """Up to how long an event is one that passes; a longer one sets a level of its own."""
    return 21 * 24 if panel.hourly else 21


def _window(panel, row, at) -> tuple[int, int | None]:
    begin = row.get("start") or row.get("date") or row.get("start_date") or row.get("from")
    finish = row.get("end") or row.get("end_date") or row.get("to") or row.get("until")
    if not begin:
        raise BadSeries(f"{at}: no start. Give a column start (or date), and end where it passes")
    places = []
    for text in (begin, finish):
        if not text:
            places.append(None)
            continue
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise BadSeries(f"{at}: {text!r} is no date. Write 2026-01-31") from error
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
        step = np.datetime64(moment.replace(tzinfo=None), "s").astype(panel.periods.dtype)
        places.append(int((step - panel.periods[0]).astype(int)))
    if places[1] is not None and panel.hourly and len(finish.strip()) <= 10:
        places[1] += 23  # a day without an hour ends with its last one
    return places[0], places[1]


def _members(panel, row) -> np.ndarray:
    name = row.get("series_id")
    if name and name not in ("*", "all"):
        return np.array([one == name for one in panel.series], bool)
    wanted = {key: row[key] for key in ("team", "model", "service", "feature") if row.get(key)}
    return np.array(
        [
            all(panel.meta.get(one, {}).get(key) == value for key, value in wanted.items())
            for one in panel.series
        ],
        bool,
    )


def read_rows(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """A small file as dicts by lower-case column name. Raises BadSeries."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            names = [(name or "").strip().lower() for name in rows.fieldnames or []]
            missing = [name for name in needed if name not in names]
            if missing:
                raise BadSeries(f"{path}, line 1: no column {', '.join(missing)}. Add it")
            rows.fieldnames = names
            return [{k: (v or "").strip() for k, v in row.items() if k} for row in rows]
    except (OSError, UnicodeDecodeError) as error:
        raise BadSeries(f"{path}: {error}. Give a CSV file in UTF-8") from error
