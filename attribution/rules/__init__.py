"""The methods by which a rule can weigh: an explicit, ordered list."""

from attribution.rules import direct, gpu_time, requests, shared, tokens, unattributed

RULES = (
    shared.METHOD,
    gpu_time.METHOD,
    tokens.METHOD,
    requests.METHOD,
    direct.METHOD,
    unattributed.METHOD,
)
