"""AWS's split of an accelerated instance over its pods, as integer weights for the one split.

Source: AWS split cost allocation data for accelerated instances: a GPU, a vCPU and a GB of memory
are worth 9 : 0.9 : 0.1; a pod's allocation is the larger of reserved and used; unused capacity is
shared in proportion; over-subscription shrinks everyone. Worked out, the part of a resource that a
pod carries is capacity * allocation / sum of allocations, times the resource's rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm

GPU, VCPU, MEMORY = Fraction(9), Fraction(9, 10), Fraction(1, 10)
RATIOS = (GPU, VCPU, MEMORY)


@dataclass(frozen=True)
class Amounts:
    """GPUs, vCPUs and GB of memory: of an instance, or allocated to a pod."""

    gpus: Decimal
    vcpus: Decimal
    memory_gb: Decimal

    def parts(self) -> tuple[Fraction, Fraction, Fraction]:
        return Fraction(self.gpus), Fraction(self.vcpus), Fraction(self.memory_gb)


def rates(cost: Decimal, capacity: Amounts) -> tuple[Fraction, Fraction, Fraction]:
    """Money per GPU, vCPU and GB for the time that cost `cost`; exact."""
    weighed = sum(r * c for r, c in zip(RATIOS, capacity.parts(), strict=True))
    return tuple(Fraction(cost) * ratio / weighed for ratio in RATIOS)


def pod_weights(capacity: Amounts, pods: Sequence[Amounts]) -> list[int]:
    """Integer weights of the pods, then of what nobody allocated (a resource no pod asks for).

    They sum to the whole instance; feed them to the split. Raises ValueError without capacity.
    """
    if sum(capacity.parts()) <= 0:
        raise ValueError("an instance without capacity cannot be split")
    shares = [Fraction(0)] * (len(pods) + 1)
    for resource, (ratio, whole) in enumerate(zip(RATIOS, capacity.parts(), strict=True)):
        allocated = [pod.parts()[resource] for pod in pods]
        total = sum(allocated)
        if not total:
            shares[-1] += ratio * whole
            continue
        for pod, part in enumerate(allocated):
            shares[pod] += ratio * whole * part / total
    scale = lcm(*(share.denominator for share in shares))
    return [int(share * scale) for share in shares]
