"""Marlow & Finch, the demo company: what it runs, what it pays, what it calls things."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

NAME = "Marlow & Finch"
CURRENCY = "USD"
REGION = "us-east-1"
PAYER = "410288716653"
PRODUCTION = "410288716661"
RESEARCH = "410288716679"
UNTAGGED_ACCOUNT = "447188201136"

MONTHLY_TARGETS = tuple(Decimal(k) * 1000 for k in (50, 75, 85, 120, 180, 200))
SUPPORT_SHARE = Decimal("0.008")
TAX_RATE = Decimal("0.02")

# Storefronts are the customers of every feature, with their share of the traffic in per mille.
STOREFRONTS = (("finch-us", 420), ("marlow-uk", 280), ("marlow-de", 180), ("finch-fr", 120))


@dataclass(frozen=True)
class InstanceType:
    """`demand`, `plan` and `spot` are USD an hour."""

    name: str
    gpus: int
    gpu: str
    memory_mib: int
    vcpu: int
    demand: Decimal
    plan: Decimal = Decimal(0)
    spot: Decimal = Decimal(0)


A100, A10G = "NVIDIA A100-SXM4-40GB", "NVIDIA A10G"
INSTANCE_TYPES = {
    kind.name: kind
    for kind in (
        InstanceType(
            "p4d.24xlarge",
            8,
            A100,
            40960,
            96,
            Decimal("32.7726"),
            Decimal("22.94082"),
            Decimal("18.5"),
        ),
        InstanceType("g5.48xlarge", 8, A10G, 23028, 192, Decimal("16.288")),
        InstanceType("g5.24xlarge", 4, A10G, 23028, 96, Decimal("8.144")),
        InstanceType("g5.12xlarge", 4, A10G, 23028, 48, Decimal("5.672")),
        InstanceType("g5.2xlarge", 1, A10G, 23028, 8, Decimal("1.212")),
        InstanceType("g5.xlarge", 1, A10G, 23028, 4, Decimal("1.006")),
    )
}
PLAN_COMMITMENT_AN_HOUR = Decimal("24")  # each plan covers one p4d.24xlarge


@dataclass(frozen=True)
class Work:
    """What runs in a pod, as the workload map names it. An empty `feature` is filled by calls."""

    workload: str
    activity: str
    team: str
    namespace: str
    model: str = ""
    feature: str = ""
    experiment: str = ""
    environment: str = "prod"

    @property
    def pattern(self) -> str:
        return f"{self.workload}-*"


def _works(*works: Work) -> dict[str, Work]:
    return {work.workload: work for work in works}


RECOMMENDATIONS, PERSONALISATION = "recommendations", "personalisation"
SUPPORT, SEARCH = "support-assistant", "search-ranking"
FRAUD, CATALOGUE = "fraud-scoring", "catalogue-tagging"

WORKS = _works(
    Work("rank-serve", "inference", "relevance", "rec", "rank-v3", RECOMMENDATIONS),
    Work("rank-ab-a", "inference", "relevance", "rec", "rank-v3", RECOMMENDATIONS, "ab-rank-a"),
    Work("rank-ab-b", "inference", "relevance", "rec", "rank-v3", RECOMMENDATIONS, "ab-rank-b"),
    Work("rank-ab-c", "inference", "relevance", "rec", "rank-v3", RECOMMENDATIONS, "ab-rank-c"),
    Work("train-rank", "training", "relevance", "train", "rank-v3", RECOMMENDATIONS),
    Work("embed-serve", "inference", "platform", "shared", "item-embed"),
    Work("persona-serve", "inference", "personalisation", "pers", "persona-v1", PERSONALISATION),
    Work("train-persona", "training", "personalisation", "train", "persona-v1", PERSONALISATION),
    Work("search-serve", "inference", "search", "search", "search-rank", SEARCH),
    Work("fraud-serve", "inference", "fraud", "fraud", "fraud-net", FRAUD),
    Work("tag-batch", "inference", "catalogue", "catalogue", "tagger", CATALOGUE),
    Work(
        "exp-two-tower",
        "experimentation",
        "relevance",
        "exp",
        experiment="two-tower",
        environment="research",
    ),
    Work(
        "exp-gnn-basket",
        "experimentation",
        "personalisation",
        "exp",
        experiment="gnn-basket",
        environment="research",
    ),
    Work(
        "exp-wide-embed",
        "experimentation",
        "relevance",
        "exp",
        experiment="wide-embeddings",
        environment="research",
    ),
)

# The managed model API: USD per token of each class.
LLM_ISSUER = "Sagebrook AI"
LLM_ACCOUNT = "org-mf-7731"
LARGE, MINI = "sage-large", "sage-mini"
LLM_PRICES = {
    (LARGE, "input"): Decimal("0.000005"),
    (LARGE, "cached input"): Decimal("0.0000005"),
    (LARGE, "output"): Decimal("0.000015"),
    (MINI, "input"): Decimal("0.000001"),
    (MINI, "output"): Decimal("0.000004"),
}


def resource_id(name: str) -> str:
    """The instance id of a node, the same in every run."""
    return "i-0" + sha256(f"node {name}".encode()).hexdigest()[:16]


def device_uuid(node: str, index: int) -> str:
    digest = sha256(f"gpu {node} {index}".encode()).hexdigest()
    parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])
    return "GPU-" + "-".join(parts)
