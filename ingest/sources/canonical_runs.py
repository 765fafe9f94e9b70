"""What a row of a canonical file of training runs must hold beyond its cells."""

from ingest.records import RUN_REASONS
from ingest.sources.format import Columns

_SPELLINGS = {
    "drift": ("drift",),
    "data_fix": ("data", "label"),
    "failure_restart": ("fail", "restart", "resum", "crash", "preempt"),
}


def finish_runs(columns: Columns) -> dict[int, str]:
    """A run ends after it began."""
    times = zip(columns["started"], columns["ended"], strict=True)
    return {
        row: "ended is before started"
        for row, (started, ended) in enumerate(times)
        if ended is not None and ended < started
    }


def reason_of(text: str) -> str:
    """Why a run ran, in one of RUN_REASONS, from whatever word people use; '' stays ''."""
    word = text.lower().replace("-", "_").replace(" ", "_")
    if not word or word in RUN_REASONS:
        return word
    for reason, spellings in _SPELLINGS.items():
        if any(spelling in word for spelling in spellings):
            return reason
    return "other"
