"""Meter calls of models and training runs, and tell an aicost ledger in the background.

    from aicost_meter import meter, training_run, current

    @meter(model="gpt-4o", feature="search")
    def answer(question): ...

Standard library only. Nothing here raises into, waits for or slows down the code that is metered.
"""

from aicost_meter._calls import Call, current, meter, training_run
from aicost_meter._sender import configure, flush, stats

__all__ = ["Call", "configure", "current", "flush", "meter", "stats", "training_run"]
