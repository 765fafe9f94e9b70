"""Landed answers of a Prometheus: a header, then one series a line. Shared by its readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
import json
from typing import BinaryIO

from aicost.kernel.periods import as_utc
from ingest.records import Rejected
from ingest.sources.base import Head, Unreadable
from ingest.sources.cells import COUNT_MAX

HEADER = "aicost_prometheus"
CLUSTERS = ("cluster", "cluster_name", "k8s_cluster_name")


@dataclass(frozen=True)
class Series:
    """`query` is exporter, quantity and statistic; `values` are by unix seconds, the end of what
    they are about."""

    line: int
    query: tuple[str, str, str]
    labels: Mapping[str, str]
    values: Mapping[int, str]
    raw: str


def identify(what: str):
    """Known by the header, which names the kind of file."""

    def identifies(head: Head) -> bool:
        first = head.first_bytes.split(b"\n", 1)[0]
        if HEADER.encode() not in first:
            return False
        try:
            return json.loads(first).get(HEADER) == what
        except (ValueError, AttributeError):
            return False

    return identifies


class Answers:
    """The header's `cluster`, `grid_ms` and `labels`, then `series()` once."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        header = self._loaded(stream.readline(), 1)
        try:
            self.cluster = str(header["cluster"])
            self.grid_ms = int(header["grid_seconds"]) * 1000
            told = header["labels"]
            self.labels = {key: str(names).split(",") for key, names in told.items()}
            self.start = as_utc(datetime.fromisoformat(header["start"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(
                f"the header lacks {error}", f"{name}, line 1", "Fetch the window again"
            ) from error
        if not 1000 <= self.grid_ms <= 300_000 or 300_000 % self.grid_ms:
            raise Unreadable("grid_seconds does not divide 5 minutes", f"{name}, line 1")

    def series(self) -> Iterator[Series | Rejected]:
        for number, line in enumerate(self._stream, start=2):
            if not line.strip():
                continue
            raw = line.decode(errors="replace")[:2_000].strip()
            try:
                told = self._loaded(line, number)
                if "promql" in told:
                    continue
                exporter, _, rest = str(told["query"]).partition(".")
                quantity, _, stat = rest.rpartition(".")
                labels = {str(k): str(v).replace("\x00", "") for k, v in told["metric"].items()}
                values = {int(str(at).partition(".")[0]): str(v) for at, v in told["values"]}
                if any(len(value) > 500 for value in labels.values()):
                    raise ValueError("a label is longer than 500 characters")
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                yield Rejected(number, f"no series of an answer: {error}", raw)
                continue
            yield Series(number, (exporter, quantity, stat), labels, values, raw)

    def cluster_of(self, labels: Mapping[str, str]) -> str:
        return first(labels, *CLUSTERS) or self.cluster

    def _loaded(self, line: bytes, number: int) -> dict:
        try:
            told = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == 1:
                raise Unreadable("no header", f"{self._name}, line 1") from error
            raise ValueError("no JSON; was the file cut short?") from error
        if not isinstance(told, dict):
            raise ValueError("no JSON object")
        return told


def first(labels: Mapping[str, str], *names: str) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def count_of(text: str, scale: int = 1) -> int:
    """A count of an answer: the server extrapolates, so it may not be whole. Raises ValueError."""
    value = Decimal(text) * scale
    if not value.is_finite() or not 0 <= value <= COUNT_MAX:
        raise ValueError(f"{text[:40]!r} is no count")
    return round(value)
