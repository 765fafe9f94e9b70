"""What an engine says of a bill it has summed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Summed:
    """Rows of the bill, series and days of them that were written, and the files read."""

    rows: int
    series_days: int
    files: tuple[str, ...]
