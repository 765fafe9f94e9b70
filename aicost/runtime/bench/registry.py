"""What `make bench` runs.

A bench is a module with NAME, SIZE (of a full run) and `run(size) -> list[Measured]`; it makes
what it needs in the database of the run and leaves nothing behind that matters: `manage.py bench`
gives it a database of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import ceil

# name -> module, imported when it is run
BENCHES: dict[str, str] = {
    "ingest_cur": "aicost.runtime.bench.ingest_cur",
    "attribute": "aicost.runtime.bench.attribute",
    "reports": "aicost.runtime.bench.reports",
    "split": "aicost.runtime.bench.split",
    "otlp": "aicost.runtime.bench.otlp",
    "meter": "aicost.runtime.bench.meter",
    "pages": "aicost.runtime.bench.pages",
    "preview": "aicost.runtime.bench.preview",
    "detect": "aicost.runtime.bench.detect",
    "api": "aicost.runtime.bench.api",
}


@dataclass(frozen=True)
class Measured:
    """One line of the answer. `limit_seconds` is what the machine can do at best, or the goal
    (None: none is known), `peak_mb` the highest resident memory in MiB and `limit_mb` its goal."""

    name: str
    size: int
    seconds: float
    limit_seconds: float | None = None
    peak_mb: int | None = None
    limit_mb: int | None = None

    @property
    def ratio(self) -> float | None:
        return round(self.seconds / self.limit_seconds, 3) if self.limit_seconds else None

    def row(self) -> dict:
        return {
            "name": self.name,
            "size": self.size,
            "seconds": round(self.seconds, 3),
            "limit_seconds": None if self.limit_seconds is None else round(self.limit_seconds, 3),
            "ratio": self.ratio,
            "peak_mb": self.peak_mb,
            "limit_mb": self.limit_mb,
        }


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile of at least one: that of nearest rank, one of the measured."""
    return sorted(seconds)[ceil(len(seconds) * 0.95) - 1]


class NoBench(ValueError):
    """There is no bench of that name."""


def find(name: str) -> tuple[Callable[[int], list[Measured]], int]:
    """The bench's function and its full size."""
    if name not in BENCHES:
        raise NoBench(f"no bench {name!r}; there are: {', '.join(BENCHES) or 'none'}")
    module = import_module(BENCHES[name])
    return module.run, module.SIZE
