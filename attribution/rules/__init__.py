"""The methods by which a rule can weigh: an explicit, ordered list."""

from attribution.rules import (
    direct,
    follow,
    gpu_time,
    pods,
    provisioned,
    refund,
    requests,
    shared,
    storage,
    tokens,
    unattributed,
)

RULES = (
    shared.METHOD,
    gpu_time.METHOD,
    pods.METHOD,
    tokens.METHOD,
    provisioned.METHOD,
    requests.METHOD,
    storage.METHOD,
    direct.METHOD,
    unattributed.METHOD,
    follow.METHOD,
    refund.METHOD,
)
