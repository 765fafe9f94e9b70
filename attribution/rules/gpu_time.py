"""GPU time of a node by reservation: active, idle and unreserved as observed, unobserved the rest.

Definition `idle-1` (reference: docs/decisions/0006-gpu-time.md): idle is reserved time inside
zero-activity runs of at least 5 minutes; a gap in telemetry ends a run and is unobserved.
"""

from attribution.rules.base import NODE_PRICE, UNUSED, Method

METHOD = Method(
    "gpu_time",
    "GPU time by reservation",
    (
        "gpu_twice",
        "gpu_intervals",
        "gpu_capacity",
        "pod_machines",
        "pod_hours",
        "workloads",
        "node_price",
        "gpu_time",
    ),
    options=(NODE_PRICE, UNUSED),
)
