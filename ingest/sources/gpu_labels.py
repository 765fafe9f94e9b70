"""What labels of GPU exporters say: shared by the readers of scrapes and of a Prometheus."""

from collections.abc import Mapping
import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
import re

_CARD = re.compile(r"(\d{1,3})\s?GB")
_PROFILE = re.compile(r"(\d)(?:c\.\dg|g)\.(\d+)gb")
_EXPORTER = re.compile(r"(dcgm|nvidia-gpu|neuron|tpu)[-_a-z]*exporter|neuron-monitor")


@dataclass(frozen=True)
class Card:
    """A row of gpu_cards.csv. `memory_gb` is None where the name says it."""

    model: re.Pattern
    memory_gb: int | None
    compute_slices: int
    memory_slices: int


# What MIG cuts cards into that the table does not name: since the A100 all large ones alike.
_USUAL = Card(re.compile(""), None, 7, 8)


def mig_fraction(profile: str, model: str) -> Decimal:
    """The part of a GPU that a MIG profile such as 3g.40gb is: the larger of its shares of compute
    and of memory slices; 1 without a profile. Where the card's memory is unknown, a profile counts
    by its compute alone. Slices: NVIDIA's MIG user guide, in ingest/data/gpu_cards.csv."""
    found = _PROFILE.search(profile)
    if not found:
        return Decimal(1)
    card = card_of(model) or _USUAL
    share = Decimal(int(found[1])) / card.compute_slices
    memory_gb = card_gb(model)
    if memory_gb:
        slices = (Decimal(int(found[2])) * card.memory_slices / memory_gb).to_integral_value()
        share = max(share, slices / card.memory_slices)
    return min(share, Decimal(1))


def card_gb(model: str) -> int | None:
    card = card_of(model)
    if card and card.memory_gb:
        return card.memory_gb
    found = _CARD.search(model)
    return int(found[1]) if found else None


@cache
def card_of(model: str) -> Card | None:
    return next((card for card in _cards() if card.model.search(model)), None)


@cache
def _cards() -> tuple[Card, ...]:
    with files("ingest.data").joinpath("gpu_cards.csv").open(encoding="utf-8") as lines:
        return tuple(
            Card(
                re.compile(rf"\b{re.escape(row['model'])}\b"),
                int(row["memory_gb"]) if row["memory_gb"] else None,
                int(row["compute_slices"]),
                int(row["memory_slices"]),
            )
            for row in csv.DictReader(lines)
        )


def pod_of(labels: Mapping[str, str], prefix: str = "") -> tuple[str, str, str] | tuple[()]:
    """(namespace, pod, container) or () when there is no pod; old exporters said pod_name. An
    exporter's own pod holds no device."""
    pod = labels.get(f"{prefix}pod") or labels.get(f"{prefix}pod_name", "")
    if not pod or _EXPORTER.search(pod):
        return ()
    places = (("namespace", "pod_namespace", "namespace_name"), ("container", "container_name"))
    namespace, container = (
        next((labels[prefix + name] for name in names if labels.get(prefix + name)), "")
        for names in places
    )
    return namespace, pod, container
