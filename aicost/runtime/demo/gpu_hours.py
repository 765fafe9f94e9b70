"""Every observed hour of every GPU as arrays: what archive, scrapes and truth share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aicost.runtime.demo.fleet import EMPTY, Node, Segment
from aicost.runtime.demo.story import Story

BUCKETS_AN_HOUR = 12
BUCKET_S = 300
# Night hours idle more: factors on a segment's share of idle buckets.
_NIGHT = np.array([2.2] * 7 + [1.2] * 2 + [0.6] * 13 + [1.0] * 2)


@dataclass(frozen=True)
class GpuHours:
    """One element a GPU and hour. `segment` and `node` index the lists; `idle` counts the
    five-minute buckets at the end of the hour without activity; `busy` is the mean of the rest in
    hundredths; `fb` the memory used in MiB."""

    segments: list[Segment]
    nodes: list[Node]
    segment: np.ndarray
    node: np.ndarray
    gpu: np.ndarray
    hour: np.ndarray
    idle: np.ndarray
    busy: np.ndarray
    fb: np.ndarray

    def __len__(self) -> int:
        return len(self.segment)


def observe(story: Story, segments: Sequence[Segment]) -> GpuHours:
    kept = sorted(
        (each for each in segments if each.end > each.start),
        key=lambda each: (each.node.name, each.start, each.first_gpu),
    )
    nodes = list(dict.fromkeys(each.node for each in kept))
    place = {node: n for n, node in enumerate(nodes)}
    lengths = np.array([each.end - each.start for each in kept])
    gpus = np.array([each.gpus for each in kept])
    sizes = lengths * gpus
    segment = np.repeat(np.arange(len(kept)), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    starts = np.array([each.start for each in kept])
    first = np.array([each.first_gpu for each in kept])
    hour = starts[segment] + within // gpus[segment]
    gpu = first[segment] + within % gpus[segment]
    node = np.array([place[each.node] for each in kept])[segment]
    idle, busy, fb = _activity(story, kept, segment, hour)
    return GpuHours(kept, nodes, segment, node, gpu, hour, idle, busy, fb)


def _activity(
    story: Story, segments: list[Segment], segment: np.ndarray, hour: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = story.random("gpu activity")
    share = np.array([each.idle if each.work else 1.0 for each in segments])[segment]
    nightly = np.array([each.nightly for each in segments])[segment]
    factor = np.where(nightly, _NIGHT[hour % 24], 1.0)
    factor = np.where(nightly & _weekend(hour), factor * 1.3, factor)
    idle = chance.binomial(BUCKETS_AN_HOUR, np.minimum(share * factor, 1.0))
    mean = np.array([each.busy for each in segments])[segment]
    busy = np.rint(100 * np.clip(mean + 0.06 * chance.standard_normal(len(hour)), 0.05, 0.99))
    busy = np.where(idle == BUCKETS_AN_HOUR, 0, busy).astype(np.int64)
    memory = np.array([_memory_mib(each) for each in segments])[segment]
    return idle, busy, memory + chance.integers(0, 64, len(hour))


def _weekend(hour: np.ndarray) -> np.ndarray:
    return (hour // 24 + 3) % 7 >= 5  # 1970-01-01 was a Thursday


def _memory_mib(segment: Segment) -> int:
    if segment.work is None or segment.idle_kind == EMPTY:
        return 420
    return int(segment.node.kind.memory_mib * 0.72)
