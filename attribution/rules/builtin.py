"""The rules everyone starts with, in order; positions leave room for rules people add.

A condition is {"field", "op", "value"}; fields are columns of the series, `tag:KEY`, `extra:KEY`
or what attribution.classify sees (`instance_time`, `api_model`, `owner`). See docs/rules.md.
"""


def _is(field: str, value: str) -> dict:
    return {"field": field, "op": "is", "value": value}


def _rule(position: int, key: str, title: str, method: str, *conditions: dict, **more) -> dict:
    return {
        "position": position,
        "key": key,
        "title": title,
        "method": method,
        "conditions": list(conditions),
        "assigns": more.pop("assigns", {}),
        "then": more.pop("then", "nothing"),
        "fallback": more.pop("fallback", {}),
    }


BUILT_IN = (
    _rule(100, "tax", "Tax", "shared", _is("charge_category", "Tax"), fallback={"state": "tax"}),
    _rule(
        200,
        "support",
        "Support plans",
        "shared",
        {
            "field": "service",
            "op": "regex",
            "value": r"\bsupport\b|AWSSupport|AWS(Premium|Enterprise)Support",
        },
        {"field": "resource_id", "op": "absent"},
        fallback={"state": "support"},
    ),
    _rule(
        300,
        "commitment",
        "Commitment purchases, fees and negations",
        "shared",
        {"field": "commitment_discount_id", "op": "exists"},
        {"field": "charge_category", "op": "one_of", "value": ["Purchase", "Credit", "Adjustment"]},
        fallback={"state": "commitment"},
    ),
    _rule(
        400,
        "unused_commitment",
        "Unused commitments",
        "shared",
        _is("commitment_discount_status", "Unused"),
        fallback={"kind": "idle", "state": "unused_commitment"},
    ),
    _rule(
        500,
        "gpu_time",
        "GPU time by reservation, then calls",
        "gpu_time",
        _is("instance_time", "yes"),
        then="requests",
        fallback={"kind": "unattributed", "state": "unobserved"},
    ),
    _rule(
        510,
        "pods",
        "Machines without GPUs by pods, then calls",
        "pods",
        _is("instance_time", "yes"),
        then="requests",
        fallback={"kind": "unattributed", "state": "unobserved"},
    ),
    _rule(
        590,
        "provisioned",
        "Provisioned throughput by use, the rest idle",
        "provisioned",
        _is("provisioned", "yes"),
        assigns={"model": "field:api_model"},
    ),
    _rule(
        600,
        "tokens",
        "Model APIs by tokens",
        "tokens",
        {"field": "api_model", "op": "exists"},
        assigns={"model": "field:api_model"},
    ),
    _rule(
        680,
        "refund",
        "Refunds and corrections of earlier charges",
        "refund",
        _is("charge_class", "Correction"),
        fallback={"kind": "shared", "state": "credit"},
    ),
    _rule(
        685,
        "resource_credit",
        "Credits and adjustments of a resource",
        "refund",
        {"field": "charge_category", "op": "one_of", "value": ["Credit", "Adjustment"]},
        {"field": "resource_id", "op": "exists"},
        fallback={"kind": "shared", "state": "credit"},
    ),
    _rule(
        690,
        "training_job",
        "Managed training jobs by their name on the bill",
        "direct",
        {"field": "training_job", "op": "exists"},
        _is("charge_category", "Usage"),
        assigns={
            "workload": "field:training_job",
            "experiment": "field:training_experiment",
            "activity": "training",
        },
    ),
    _rule(
        693,
        "endpoint",
        "Serving endpoints by their name on the bill, then calls of the model",
        "direct",
        {"field": "endpoint", "op": "exists"},
        _is("charge_category", "Usage"),
        _is("network", "no"),
        assigns={"workload": "field:endpoint", "activity": "inference"},
        then="requests",
    ),
    _rule(
        695,
        "storage",
        "Buckets by the bytes of their prefixes",
        "storage",
        {"field": "bucket", "op": "exists"},
        assigns={"activity": "storage"},
    ),
    _rule(
        697,
        "follow",
        "Transfer by where its resource stands",
        "follow",
        _is("network", "yes"),
        {"field": "resource_id", "op": "exists"},
        _is("charge_category", "Usage"),
        assigns={"activity": "network"},
    ),
    _rule(
        700,
        "direct",
        "Tags that name an owner, then calls of the model",
        "direct",
        _is("owner", "yes"),
        {"field": "charge_category", "op": "one_of", "value": ["Usage", "Purchase", "Adjustment"]},
        then="requests",
    ),
    _rule(
        710,
        "tagged_credit",
        "Credits with a tag that names an owner",
        "direct",
        _is("owner", "yes"),
        _is("charge_category", "Credit"),
    ),
    _rule(
        800,
        "marketplace_fee",
        "Remaining marketplace fees",
        "shared",
        {"field": "marketplace", "op": "is", "value": "yes"},
        _is("charge_category", "Purchase"),
        fallback={"state": "fee"},
    ),
    _rule(
        900,
        "credit",
        "Credits without a resource or a tag",
        "shared",
        _is("charge_category", "Credit"),
        {"field": "resource_id", "op": "absent"},
        {"field": "tags", "op": "absent"},
        fallback={"state": "credit"},
    ),
    _rule(10_000, "unclaimed", "Everything else", "unattributed"),
)
