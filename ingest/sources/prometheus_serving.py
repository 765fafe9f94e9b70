"""What inference engines served, hour by hour, as a Prometheus server counted it.

An engine counts what calls elsewhere tell too, so it is a provider's count. See
docs/sources/prometheus.md."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import InvalidOperation
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources.base import RowReader
from ingest.sources.prometheus_answers import Answers, Series, count_of, first, identify
from ingest.sources.prometheus_labels import Labels

# An engine behind another tells the same calls: of one pod the first of these counts.
_ENGINES = ("vllm", "sglang", "tgi", "triton", "kserve")
_HOUR = timedelta(hours=1)

Key = tuple[str, str, str, str, str, str, int]  # engine, cluster, namespace, pod, model, version


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record an hour, pod and model; a `Rejected` for a bad series."""
    read = _Read(stream, name)
    yield from read.series()
    yield from read.served()


READER = RowReader(
    name="prometheus_serving",
    kind="usage",
    identify=identify("serving"),
    records=records,
    usage_role="provider_count",
)


class _Read:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.answers = Answers(stream, name)
        self.labels = Labels(self.answers)
        self._served: dict[Key, dict[str, int]] = {}

    def series(self) -> Iterator[Rejected]:
        for one in self.answers.series():
            if isinstance(one, Rejected):
                yield one
                continue
            try:
                if one.query[0] == "map":
                    self.labels.take(one)
                elif one.query[0] in _ENGINES:
                    self._take(one)
            except (ValueError, InvalidOperation) as error:
                yield Rejected(one.line, f"{'.'.join(one.query)}: {error or 'no number'}", one.raw)

    def _take(self, series: Series) -> None:
        engine, quantity, _ = series.query
        labels = series.labels
        counted = {at: count_of(text) for at, text in series.values.items()}
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
