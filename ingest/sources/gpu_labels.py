"""What labels of GPU exporters say: shared by the readers of scrapes and of a Prometheus."""

from collections.abc import Mapping
from decimal import Decimal
import re

_CARD = re.compile(r"(\d{1,3})\s?GB")
_CARDS_GB = (("A30", 24), ("GH200", 96), ("H200", 141), ("B200", 180))
# Slices of compute and memory a whole card has; 7 and 8 unless its name is here.
_SLICES = (("A30", 4, 4), ("RTX PRO 6000", 4, 4))
_PROFILE = re.compile(r"(\d)(?:c\.\dg|g)\.(\d+)gb")
_EXPORTER = re.compile(r"(dcgm|nvidia-gpu|neuron|tpu)[-_a-z]*exporter|neuron-monitor")


def mig_fraction(profile: str, model: str) -> Decimal:
    """The part of a GPU that a MIG profile such as 3g.40gb is: the larger of its shares of compute
    and of memory slices; 1 without a profile. An unknown profile counts by its compute."""
    found = _PROFILE.search(profile)
    if not found:
        return Decimal(1)
    compute, memory = next(
        ((c, m) for name, c, m in _SLICES if name in model), (Decimal(7), Decimal(8))
    )
    slices = Decimal(int(found[1])) / compute
    card = card_gb(model)
    if card:
        eighths = (Decimal(int(found[2])) * memory / card).to_integral_value()
        slices = max(slices, eighths / memory)
    return min(slices, Decimal(1))


def card_gb(model: str) -> int | None:
    found = _CARD.search(model)
    return int(found[1]) if found else next((gb for name, gb in _CARDS_GB if name in model), None)


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
