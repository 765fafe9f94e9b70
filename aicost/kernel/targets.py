"""Where money comes to stand: the closed vocabulary of kinds, states, activities and evidence."""

WORKLOAD, IDLE, SHARED, UNATTRIBUTED = KINDS = ("workload", "idle", "shared", "unattributed")

STATES = {
    WORKLOAD: ("active",),
    IDLE: ("held_idle", "empty_idle", "unreserved", "unused_commitment"),
    SHARED: ("tax", "support", "fee", "commitment", "credit"),
    UNATTRIBUTED: ("unobserved", "unmetered", "unclaimed"),
}

ACTIVITIES = (
    "inference",
    "training",
    "experimentation",
    "data",
    "storage",
    "network",
    "observability",
    "other",
)

# What a rule, a map or a usage row can fill in; the order is part of the target tuple.
DIMENSIONS = ("workload", "model", "feature", "experiment", "team", "environment")

# A charge is owned when one of these is known; environment alone names no owner.
OWNING_DIMENSIONS = ("workload", "model", "feature", "experiment", "team")

MEASURED, TAGGED, INFERRED, FALLBACK = EVIDENCE = ("measured", "tagged", "inferred", "fallback")
