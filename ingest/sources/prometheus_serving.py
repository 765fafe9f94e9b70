"""What inference engines served, hour by hour, as a Prometheus server counted it, and the results
of a source's own queries. docs/sources/prometheus.md."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources.base import RowReader
from ingest.sources.cells import COUNT_MAX
from ingest.sources.prometheus_answers import Answers, Series, first, identify
from ingest.sources.prometheus_labels import Labels

# An engine behind another tells the same calls: of one pod the first of these counts.
_ENGINES = ("vllm", "sglang", "tgi", "triton", "kserve")
_CUSTOM = "custom"
QUANTITIES = (
    *("requests", "successes", "outcomes", "attempts", "input_tokens", "cached_input_tokens"),
    *("cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens"),
    *("audio_input_tokens", "audio_output_tokens", "image_input_tokens", "retrieved_chunks"),
    "gpu_ms",
)
_DIMENSIONS = (
    *("provider", "model", "model_version", "workload", "serving_mode", "pipeline", "feature"),
    *("experiment", "team", "environment", "customer", "user", "region", "status"),
)
_HOUR = timedelta(hours=1)

Key = tuple[str, str, str, str, str, str, int]  # engine, cluster, namespace, pod, model, version


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record an hour, pod and model; a `Rejected` for a bad series."""
    read = _Read(stream, name)
    yield from read.series()
    yield from read.served()
    yield from read.custom()


READER = RowReader(
    name="prometheus_serving", kind="usage", identify=identify("serving"), records=records
)


class _Read:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.answers = Answers(stream, name)
        self.labels = Labels(self.answers)
        self._served: dict[Key, dict[str, int]] = {}
        self._custom: dict[tuple, dict[str, int]] = {}

    def series(self) -> Iterator[Rejected]:
        for one in self.answers.series():
            if isinstance(one, Rejected):
                yield one
                continue
            try:
                if one.query[0] == "map":
                    self.labels.take(one)
                elif one.query[0] == _CUSTOM:
                    self._own(one)
                elif one.query[0] in _ENGINES:
                    self._take(one)
            except (ValueError, InvalidOperation) as error:
                yield Rejected(one.line, f"{'.'.join(one.query)}: {error or 'no number'}", one.raw)

    def _take(self, series: Series) -> None:
        engine, quantity, _ = series.query
        labels = series.labels
        counted = {at: _count(text) for at, text in series.values.items()}
        place = (
            engine,
            self.answers.cluster_of(labels),
            labels.get("namespace", ""),
            first(labels, "pod", "instance"),
            first(labels, "model_name", "model"),
            labels.get("version", ""),
        )
        for at, count in counted.items():
            told = self._served.setdefault((*place, at), {})
            told[quantity] = told.get(quantity, 0) + count

    def _own(self, series: Series) -> None:
        name, quantity = custom_quantity(series.query[1])
        labels = {key: value for key, value in series.labels.items() if value}
        unknown = sorted(set(labels) - {*_DIMENSIONS, "activity", "__name__"})
        if unknown:
            known = ", ".join(_DIMENSIONS)
            raise ValueError(f"label {unknown[0]} is no dimension; sum by some of {known}")
        scale = 1000 if quantity == "gpu_seconds" else 1
        into = "gpu_ms" if quantity == "gpu_seconds" else quantity
        labels.pop("__name__", None)
        for at, text in series.values.items():
            key = (name, at, tuple(sorted(labels.items())))
            told = self._custom.setdefault(key, {})
            told[into] = told.get(into, 0) + _count(text, scale)

    def served(self) -> Iterator[UsageRecord]:
        first_of: dict[tuple, int] = {}
        for engine, cluster, namespace, pod, _, _, at in self._served:
            place = (cluster, namespace, pod, at)
            nth = _ENGINES.index(engine)
            first_of[place] = min(first_of.get(place, nth), nth)
        for key, told in sorted(self._served.items()):
            engine, cluster, namespace, pod, model, version, at = key
            if first_of[cluster, namespace, pod, at] == _ENGINES.index(engine) and any(
                told.values()
            ):
                yield self._record(key, _disjoint(told))

    def _record(self, key: Key, told: dict[str, int]) -> UsageRecord:
        engine, cluster, namespace, pod, model, version, at = key
        dimensions = self.labels.dimensions((cluster, namespace, pod))
        if not namespace:  # an address, not a pod
            dimensions["workload"] = ""
        dimensions["model"] = model or dimensions["model"]
        hour = datetime.fromtimestamp(at, UTC) - _HOUR
        where = (engine, cluster, namespace, pod, model, version)
        return UsageRecord(
            time=hour,
            event_id="|".join((*where, f"{hour:%Y-%m-%dT%H}")),
            model_version=version,
            activity="inference",
            **dimensions,
            **told,
        )

    def custom(self) -> Iterator[UsageRecord]:
        for (name, at, labels), told in sorted(self._custom.items()):
            hour = datetime.fromtimestamp(at, UTC) - _HOUR
            where = "|".join(f"{key}={value}" for key, value in labels)
            yield UsageRecord(
                time=hour,
                event_id=f"{_CUSTOM}|{name}|{where}|{hour:%Y-%m-%dT%H}",
                **dict(labels),
                **told,
            )


def custom_quantity(name: str) -> tuple[str, str]:
    """`shop_input_tokens` is input_tokens of shop. Raises ValueError when it ends in none."""
    for quantity in sorted((*QUANTITIES, "gpu_seconds"), key=len, reverse=True):
        if name == quantity or name.endswith(f"_{quantity}"):
            return name.removesuffix(quantity).rstrip("_"), quantity
    raise ValueError(f"{name} does not end in a quantity: {', '.join(QUANTITIES)}, gpu_seconds")


def _disjoint(told: dict[str, int]) -> dict[str, int]:
    """Engines count cached tokens into the prompt, and failures apart from successes."""
    told = dict(told)
    failures = told.pop("failures", None)
    if "requests" not in told and "successes" in told:
        told["requests"] = told["successes"] + (failures or 0)
    if "successes" in told:
        told["successes"] = min(told["successes"], told["requests"])
    if "cached_input_tokens" in told and "input_tokens" in told:
        cached = min(told["cached_input_tokens"], told["input_tokens"])
        told["cached_input_tokens"], told["input_tokens"] = cached, told["input_tokens"] - cached
    return told


def _count(text: str, scale: int = 1) -> int:
    value = Decimal(text) * scale
    if not value.is_finite() or not 0 <= value <= COUNT_MAX:
        raise ValueError(f"{text[:40]!r} is no count")
    return round(value)
