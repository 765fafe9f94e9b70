"""What a row of a canonical file of training runs must hold beyond its cells."""

from ingest.sources.format import Columns


def finish_runs(columns: Columns) -> dict[int, str]:
    """A run ends after it began."""
    times = zip(columns["started"], columns["ended"], strict=True)
    return {
        row: "ended is before started"
        for row, (started, ended) in enumerate(times)
        if ended is not None and ended < started
    }
