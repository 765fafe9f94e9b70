"""Which part of a GPU something holds: MIG profiles by card, virtual GPUs in percent, replicas."""

from decimal import Decimal

import pytest

from ingest.sources.gpu_labels import card_gb, mig_fraction
from ingest.sources.prometheus_answers import Series
from ingest.sources.prometheus_pods import Pods

D = Decimal
A100, A30 = "NVIDIA A100-SXM4-80GB", "NVIDIA A30"


@pytest.mark.parametrize(
    ("profile", "card", "compute", "memory"),
    [
        ("1g.10gb", A100, (1, 7), (1, 8)),
        ("1g.20gb", A100, (1, 7), (2, 8)),
        ("3g.40gb", A100, (3, 7), (4, 8)),
        ("1c.3g.40gb", A100, (1, 7), (4, 8)),
        ("4g.40gb", A100, (4, 7), (4, 8)),
        ("7g.80gb", A100, (7, 7), (8, 8)),
        ("1g.5gb", "NVIDIA A100-SXM4-40GB", (1, 7), (1, 8)),
        ("3g.47gb", "NVIDIA H100 NVL 94GB", (3, 7), (4, 8)),
        ("1g.18gb", "NVIDIA H200", (1, 7), (1, 8)),
        ("3g.90gb", "NVIDIA B200", (3, 7), (4, 8)),
        ("2g.12gb", A30, (2, 4), (2, 4)),
        ("1g.24gb", "NVIDIA RTX PRO 6000 Blackwell Server Edition", (1, 4), (1, 4)),
        ("1g.24gb", "NVIDIA RTX PRO 5000 Blackwell", (1, 2), (1, 2)),
        ("2g.20gb", "a card nobody listed", (2, 7), (0, 8)),
        ("", A100, (1, 1), (1, 1)),
    ],
)
def test_a_mig_profile_is_the_larger_of_its_slices(profile, card, compute, memory):
    assert mig_fraction(profile, card) == max(D(compute[0]) / compute[1], D(memory[0]) / memory[1])


def test_a_name_says_its_memory_unless_the_table_does():
    assert (card_gb(A100), card_gb("NVIDIA GH200 480GB"), card_gb("NVIDIA RTX A3000")) == (
        80,
        96,
        None,
    )


class _Here:
    @staticmethod
    def cluster_of(labels):
        return ""


def shares(offered: int, **asked: dict[str, str]) -> dict[str, Decimal]:
    """Devices of a node with one GPU that each pod's requests stand for."""
    pods, at = Pods(), 300

    def told(what: str, value: str, **labels) -> None:
        pods.take(_Here, Series(1, ("pods", what, "max"), {"node": "n", **labels}, {at: value}, ""))

    told("allocatable", str(offered), resource="nvidia_com_gpu")
    for pod, resources in asked.items():
        told("seen", "20", pod=pod)
        for resource, value in resources.items():
            told("requests", value, pod=pod, container="c", resource=f"nvidia_com_{resource}")
    found = pods.requesting("", "n", at)
    return {pod[2]: pods.part_of_node(one, "", "n", at, 1) for pod, one in found.items()}


def test_four_virtual_gpus_of_25_percent_are_one_gpu():
    quarter = {"gpu": "1", "gpucores": "25", "gpumem": "20000"}
    told = shares(10, a=quarter, b=quarter, c=quarter, d=quarter)
    assert told == dict.fromkeys("abcd", D("0.25"))
    assert shares(10, a={"gpu": "1", "gpumem_percentage": "50"}) == {"a": D("0.5")}
    assert shares(10, a={"gpu": "1", "gpucores": "0"}) == {"a": D("0.1")}, "a replica of ten"


def test_a_replica_is_its_part_of_the_device_and_an_exclusive_one_all_of_it():
    assert shares(4, a={"gpu": "1"}, b={"gpu": "2"}) == {"a": D("0.25"), "b": D("0.5")}
    assert shares(1, a={"gpu": "1"}) == {"a": D(1)}
