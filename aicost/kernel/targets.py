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

# Names above the names of the ledger; no money stands on them, reports look them up by day.
UPPER = ("model_family", "product", "department", "cost_centre", "project")

# What a name may stand below: the kinds of its parents.
PARENTS = {
    "model": ("model", "model_family"),
    "feature": ("product",),
    "team": ("department", "cost_centre"),
    "department": ("cost_centre",),
    "experiment": ("project",),
}

# The levels a report can group by, and the dimension of the ledger each is looked up from.
LEVELS = {
    "base_model": "model",
    "model_family": "model",
    "product": "feature",
    "department": "team",
    "cost_centre": "team",
    "project": "experiment",
}
