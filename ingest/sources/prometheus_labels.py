"""What owners and labels of pods say about a workload: the dimensions its map rows and its calls
are given alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import re

from ingest.sources.prometheus_answers import Answers, Series
from ingest.sources.prometheus_pods import Pod

DIMENSIONS = ("workload", "model", "feature", "experiment", "team", "environment")
# Labels that are looked at after those a source is configured with, the first that is there.
DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "workload": (
        "serving.kserve.io/inferenceservice",
        "app.kubernetes.io/name",
        "ray.io/cluster",
        "job-name",
        "app",
    ),
    "model": ("llm-d.ai/model", "model"),
    "feature": ("feature",),
    "experiment": ("experiment",),
    "team": ("team", "kueue.x-k8s.io/queue-name"),
    "environment": ("environment", "app.kubernetes.io/environment"),
}
# A label that says what is done, by being there.
_ACTIVITIES = (
    ("serving.kserve.io/inferenceservice", "inference"),
    ("llm-d.ai/model", "inference"),
    ("training.kubeflow.org/job-name", "training"),
    ("notebook-name", "experimentation"),
)
_OTHER = re.compile(r"[^a-zA-Z0-9_]")
_HASH = re.compile(r"-[a-z0-9]{6,10}\Z")
_RUN = re.compile(r"-\d{8,}\Z")
_POD_ENDS = re.compile(r"(-[a-z0-9]{8,10})?-[a-z0-9]{5}\Z|-\d+\Z")


@dataclass
class Told:
    """Of one pod, by unix seconds at which it was told last in each hour."""

    owner: tuple[str, str] = ("", "")
    labels: dict[str, str] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)


class Labels:
    """`take` every series of the queries map.owners and map.labels."""

    def __init__(self, answers: Answers) -> None:
        self.pods: dict[Pod, Told] = {}
        self._answers = answers
        self._named = {
            dimension: [
                f"label_{_OTHER.sub('_', name)}"
                for name in (*answers.labels.get(dimension, ()), *DEFAULTS[dimension])
            ]
            for dimension in DIMENSIONS
        }

    def take(self, series: Series) -> None:
        labels = series.labels
        cluster = self._answers.cluster_of(labels)
        pod = (cluster, labels.get("namespace", ""), labels.get("pod", ""))
        told = self.pods.setdefault(pod, Told())
        told.seen.update(series.values)
        if series.query[1] == "owners":
            told.owner = labels.get("owner_kind", ""), labels.get("owner_name", "")
        else:
            told.labels = dict(labels)

    def dimensions(self, pod: Pod) -> dict[str, str]:
        """What is told of the pod by dimension; '' where nothing is. A workload without a label is
        named by what owns its pod."""
        told = self.pods.get(pod, Told())
        found = {name: _first(told.labels, self._named[name]) for name in DIMENSIONS}
        found["workload"] = found["workload"] or self.stem(pod)
        return found

    def activity(self, pod: Pod) -> str:
        labels = self.pods.get(pod, Told()).labels
        return next(
            (activity for name, activity in _ACTIVITIES
             if labels.get(f"label_{_OTHER.sub('_', name)}")), "",
        )  # fmt: skip

    def stem(self, pod: Pod) -> str:
        """The name of the Deployment, StatefulSet, Job … that owns the pod."""
        kind, owner = self.pods.get(pod, Told()).owner
        if kind in ("", "<none>", "Node") or owner in ("", "<none>"):
            return _POD_ENDS.sub("", pod[2])
        if kind == "ReplicaSet":
            return _HASH.sub("", owner)
        return _RUN.sub("", owner) if kind == "Job" else owner

    def pattern(self, pod: Pod) -> str:
        """A pattern for all pods of the same owner; a pod without one is named itself."""
        kind, owner = self.pods.get(pod, Told()).owner
        lonely = kind in ("", "<none>", "Node") or owner in ("", "<none>")
        return pod[2] if lonely else f"{self.stem(pod)}-*"


def _first(labels: Mapping[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")
