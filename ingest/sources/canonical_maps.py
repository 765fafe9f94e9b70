"""What a row of a map must hold beyond its cells."""

from aicost.kernel.targets import DIMENSIONS
from ingest.sources.format import Columns


def finish_validity(columns: Columns) -> dict[int, str]:
    """valid_to is the first day no longer valid, so it comes after valid_from."""
    ranges = zip(columns["valid_from"], columns["valid_to"], strict=True)
    return {
        row: "valid_to is not after valid_from"
        for row, (start, end) in enumerate(ranges)
        if start is not None and end is not None and end <= start
    }


def finish_workload_map(columns: Columns) -> dict[int, str]:
    return _naming(columns, *DIMENSIONS, "activity")


def finish_storage_map(columns: Columns) -> dict[int, str]:
    return _naming(columns, *DIMENSIONS)


def _naming(columns: Columns, *names: str) -> dict[int, str]:
    reasons = finish_validity(columns)
    dimensions = zip(*(columns[name] for name in names), strict=True)
    for row, named in enumerate(dimensions):
        if not any(named):
            reasons.setdefault(row, "names no dimension, so it would map to nothing")
    return reasons
