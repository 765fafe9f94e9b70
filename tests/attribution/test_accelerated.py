"""AWS's example of an accelerated instance: 8 GPUs, 64 vCPUs, 488 GB, four pods, $10."""

from decimal import Decimal

from aicost.kernel.money import QUANTUM, split
from tests.attribution.accelerated import Amounts, pod_weights, rates

NODE = Amounts(Decimal(8), Decimal(64), Decimal(488))
PODS = [Amounts(*map(Decimal, pod)) for pod in ((1, 16, 100), (3, 18, 140), (2, 16, 100))]
PODS.append(PODS[-1])


def test_it_gives_awss_golden_figures_and_loses_nothing():
    parts = split(Decimal(10), pod_weights(NODE, PODS))
    assert [round(part, 4) for part in parts] == [
        Decimal("1.9089"),
        Decimal("3.2644"),
        Decimal("2.4134"),
        Decimal("2.4134"),
        Decimal(0),
    ]
    assert sum(parts) == 10


def test_it_prices_a_gpu_hour_and_a_gigabyte_as_the_formula_says():
    gpu, _, gigabyte = rates(Decimal(10), NODE)
    assert round(float(gpu), 3) == 0.504
    assert round(float(gigabyte), 5) == 0.00561


def test_too_many_requests_shrink_everyone_and_an_unasked_resource_is_nobodys():
    greedy = [Amounts(Decimal(8), Decimal(0), Decimal(488))] * 2
    first, second, nobody = split(Decimal(10), pod_weights(NODE, greedy))
    assert abs(first - second) <= QUANTUM
    assert nobody == Decimal(10) - first - second > 0
