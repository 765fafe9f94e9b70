"""Calls that a source's own PromQL counts, hour by hour. docs/sources/prometheus.md."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import InvalidOperation
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources.base import RowReader
from ingest.sources.prometheus_answers import Answers, Series, count_of, identify

QUANTITIES = (
    *("requests", "successes", "outcomes", "attempts", "input_tokens", "cached_input_tokens"),
    *("cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens"),
    *("audio_input_tokens", "audio_output_tokens", "image_input_tokens", "retrieved_chunks"),
    *("images", "characters", "audio_seconds", "gpu_seconds"),
)
_MILLISECONDS = {"gpu_seconds": "gpu_ms", "audio_seconds": "audio_ms"}
DIMENSIONS = (
    *("provider", "model", "model_version", "workload", "serving_mode", "pipeline", "feature"),
    *("experiment", "team", "environment", "customer", "user", "region", "status"),
)
_HOUR = timedelta(hours=1)

Key = tuple[str, int, tuple[tuple[str, str], ...]]  # name, unix seconds, labels


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record an hour and set of labels; queries that differ in the quantity alone make one
    together. A `Rejected` for a bad series."""
    answers = Answers(stream, name)
    counted: dict[Key, dict[str, int]] = {}
    for one in answers.series():
        if isinstance(one, Rejected):
            yield one
            continue
        try:
            _take(one, counted)
        except (ValueError, InvalidOperation) as error:
            yield Rejected(one.line, f"{'.'.join(one.query)}: {error or 'no number'}", one.raw)
    for (told, at, labels), quantities in sorted(counted.items()):
        hour = datetime.fromtimestamp(at, UTC) - _HOUR
        where = "|".join(f"{key}={value}" for key, value in labels)
        yield UsageRecord(
            time=hour,
            event_id=f"custom|{told}|{where}|{hour:%Y-%m-%dT%H}",
            **dict(labels),
            **quantities,
        )


READER = RowReader(
    name="prometheus_custom", kind="usage", identify=identify("custom"), records=records
)


def quantity_of(name: str) -> tuple[str, str]:
    """`shop_input_tokens` is input_tokens of shop. Raises ValueError when it ends in none."""
    for quantity in sorted(QUANTITIES, key=len, reverse=True):
        if name == quantity or name.endswith(f"_{quantity}"):
            return name.removesuffix(quantity).rstrip("_"), quantity
    raise ValueError(f"{name} does not end in a quantity: {', '.join(QUANTITIES)}")


def _take(series: Series, counted: dict[Key, dict[str, int]]) -> None:
    name, quantity = quantity_of(series.query[1])
    labels = {key: value for key, value in series.labels.items() if value and key != "__name__"}
    unknown = sorted(set(labels) - set(DIMENSIONS))
    if unknown:
        known = ", ".join(DIMENSIONS)
        raise ValueError(f"label {unknown[0]} is no dimension; sum by some of {known}")
    into = _MILLISECONDS.get(quantity, quantity)
    scale = 1000 if quantity in _MILLISECONDS else 1
    values = {at: count_of(text, scale) for at, text in series.values.items()}
    for at, count in values.items():
        told = counted.setdefault((name, at, tuple(sorted(labels.items()))), {})
        told[into] = told.get(into, 0) + count
