"""Random rule sets, bills, telemetry and calls as plain data, small enough to be built in
milliseconds (build_worlds). A world says all there is: printed, it is the failing case.

Charges are told apart by their SKU, "c0", "c1", …; every other name comes from a few words, so that
rules match, tags join and telemetry finds its node often enough.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from aicost.kernel.targets import ACTIVITIES, DIMENSIONS, STATES
from attribution.rules import RULES
from ingest.models.measured import TOKEN_CLASSES
from tests.attribution.ledger import DAY

NEXT = DAY + timedelta(days=1)
DAYS = (DAY, NEXT)
METHODS = {method.method_id: method for method in RULES}
MODELS, FEATURES, TEAMS = ("m1", "m2", "m3"), ("f1", "f2"), ("a", "b")
TINY = Decimal("0.000000000000000001")
HUGE = Decimal("99999999999999.999999999999999999")


@dataclass(frozen=True)
class World:
    rules: tuple[dict, ...] = ()
    disabled: tuple[str, ...] = ()
    charges: tuple[dict, ...] = ()
    intervals: tuple[dict, ...] = ()
    calls: tuple[dict, ...] = ()
    nodes: dict = field(default_factory=dict)
    workloads: dict = field(default_factory=dict)
    aliases: dict = field(default_factory=dict)
    prices: dict = field(default_factory=dict)
    pods: tuple[tuple[str, int, int, int], ...] = ()
    stored: dict = field(default_factory=dict)
    prefixes: dict = field(default_factory=dict)


def maybe(strategy, of: int = 2):
    """The strategy's value, or None as often as `of` - 1 times of `of`."""
    return st.one_of(*[st.none()] * (of - 1), strategy)


some = st.sampled_from
NODES = {"node-a": "i-a", "node-c": "i-c"}
SERVES = {"model": "m1", "workload": "serve-m1", "activity": "inference"}
HELD_BY = [
    {},
    {"m1-*": SERVES},
    {"m1-*": SERVES},
    {"m1-*": SERVES, "m2-*": {"model": "m2"}},
    {"m*": SERVES, "job-*": {"activity": "training", "team": "a"}},
]
money = st.one_of(
    some([Decimal(0), TINY, -TINY, HUGE, -HUGE, Decimal("0.1"), Decimal("-7.77")]),
    st.decimals(Decimal("-1e6"), Decimal("1e6"), places=18),
    st.integers(1, 500).map(Decimal),
)
name = some(["", "a", "b"])

VALUES = {
    "service_name": ["Compute", "Models", "Buckets", "Business Support"],
    "charge_category": ["Usage", "Tax", "Credit", "Purchase", "Adjustment"],
    "resource_id": ["i-a", "i-b", "b-1"],
    "sku_id": ["c0", "c1"],
    "sku_meter": ["m1 input tokens", "disk"],
    "sub_account_id": ["1", "2"],
    "tag:team": ["a", "b"],
    "tag:Model": ["m1", "M-1"],
    "extra:App": ["shop-7", "shop-8"],
    "instance_time": ["yes", "no"],
    "owner": ["yes", "no"],
    "ai": ["yes", "no"],
    "api_model": ["m1", "m2"],
    "marketplace": ["yes"],
    "tags": ["yes"],
}
PATTERNS = ("^i-", "[ab]$", "m[12]", "(?P<app>[a-z]+)-(?P<number>[0-9]+)", "x|", "input")


@st.composite
def conditions(draw) -> dict:
    name = draw(some(list(VALUES)))
    op = draw(some(["is", "is_not", "contains", "starts_with", "one_of", "regex", "exists",
                    "absent"]))  # fmt: skip
    if op in ("exists", "absent"):
        return {"field": name, "op": op}
    if op == "regex":
        return {"field": name, "op": op, "value": draw(some(PATTERNS))}
    if op == "one_of":
        return {"field": name, "op": op, "value": draw(st.lists(some(VALUES[name]), max_size=2))}
    value = draw(some(VALUES[name]))
    return {"field": name, "op": op, "value": value[:2] if op == "starts_with" else value}


@st.composite
def rules(draw, nth: int) -> dict:
    method = draw(some(list(METHODS)))
    options = {
        one.name: draw(some([value for value, _ in one.choices])) for one in METHODS[method].options
    }
    kind = draw(some(["idle", "shared", "unattributed"]))
    fallback = {"kind": kind, "state": draw(some(STATES[kind]))}
    assigns = st.dictionaries(
        some([*DIMENSIONS, "activity"]),
        some(["tag:team", "tag:Model", "field:resource_id", "field:api_model", "field:sku_id"]),
        max_size=2,
    )
    chosen = draw(assigns)
    if "activity" in chosen:
        chosen["activity"] = draw(some(ACTIVITIES))
    for constant in ("feature", "model"):
        if draw(some([False, False, True])):
            chosen[constant] = draw(some([*MODELS, *FEATURES]))
    return {
        "key": f"r{nth}",
        "version": 1,
        "position": draw(some([1, 1, 1, 2, 550, 650, 650])),
        "title": f"Rule {nth}",
        "method": method,
        "conditions": [draw(conditions()) for _ in range(draw(some([0, 1, 1, 1, 2])))],
        "assigns": chosen,
        "options": options,
        "then": draw(some(["nothing", "requests", "tokens"])),
        "fallback": fallback if method == "shared" or draw(st.booleans()) else {},
        "valid_from": draw(maybe(some([DAY, NEXT]), 3)),
        "valid_to": draw(maybe(some([NEXT, NEXT + timedelta(days=1)]), 3)),
        "enabled": draw(some([True, True, True, False])),
    }


SHAPES = {
    "node": {"resource_id": "i-a", "instance_type": "p4d.24xlarge", "consumed_unit": "Hrs",
             "service_category": "Compute", "service_name": "Compute", "consumed": True},
    "other node": {"resource_id": "i-b", "instance_type": "g5.12xlarge", "consumed_unit": "Hrs",
                   "service_category": "Compute", "service_name": "Compute", "consumed": True},
    "machine": {"resource_id": "i-c", "instance_type": "m5.2xlarge", "consumed_unit": "Hrs",
                "service_category": "Compute", "service_name": "Compute", "consumed": True},
    "disk": {"resource_id": "i-a", "service_category": "Storage", "sku_meter": "disk",
             "service_name": "Compute"},
    "input": {"service_subcategory": "Generative AI", "sku_meter": "m1 input tokens",
              "consumed_unit": "1K tokens", "service_name": "Models", "consumed": True},
    "output": {"service_subcategory": "Generative AI", "sku_meter": "m2 output tokens",
               "consumed_unit": "Tokens", "service_name": "Models", "consumed": True},
    "all tokens": {"service_subcategory": "Generative AI", "extras": {"ModelName": "m1"},
                   "service_name": "Models"},
    "units": {"provider": "AWS", "service_code": "AmazonBedrock", "consumed_unit": "Hrs",
              "sku_meter": "USE1-m1-ProvisionedThroughput-1MonthCommit", "consumed": True},
    "sent": {"provider": "AWS", "resource_id": "i-a", "consumed_unit": "GB", "consumed": True,
             "sku_meter": "USE1-DataTransfer-Out-Bytes"},
    "bucket": {"provider": "AWS", "resource_id": "b-1", "service_category": "Storage",
               "sku_meter": "TimedStorage-ByteHrs", "service_name": "Buckets"},
    "nobody": {"service_name": "Gadgets"},
    "tax": {"charge_category": "Tax"},
    "support": {"service_name": "Business Support"},
    "credit": {"charge_category": "Credit"},
    "correction": {"charge_category": "Usage", "charge_class": "Correction",
                   "service_name": "Compute", "resource_id": "i-a"},
    "refund": {"charge_category": "Credit", "resource_id": "i-a", "service_name": "Compute"},
    "purchase": {"charge_category": "Purchase", "commitment_discount_id": "sp-1"},
    "unused": {"charge_category": "Usage", "commitment_discount_id": "sp-1",
               "commitment_discount_status": "Unused"},
    "marketplace": {"charge_category": "Purchase", "extras": {"Seller": "AWS Marketplace"}},
}  # fmt: skip


# What is split comes oftener than what stands whole.
OFTEN = [*SHAPES, *(["node", "input", "all tokens", "tax"] * 4), *(["bucket", "machine"] * 3)]


@st.composite
def charges(draw, nth: int) -> dict:
    shape = dict(SHAPES[draw(some(OFTEN))])
    billed = draw(money)
    largest = 10**16 if "okens" in shape.get("consumed_unit", "") else 10**9
    quantity = Decimal(draw(some(["24", "1", "0.5", largest, "0"])))
    tags = {"team": draw(name), "model": draw(some(["", "m1"])), "activity": draw(some(
        ["", "inference", "training"]))}  # fmt: skip
    series = {
        "charge_category": "Usage",
        "billing_account_id": "1",
        "sub_account_id": draw(some(["1", "2"])),
        "region_id": draw(some(["", "eu", "us"])),
        "billing_currency": draw(some(["USD", "USD", "USD", "EUR"])),
        "tags": {key: value for key, value in tags.items() if value},
        "extras": draw(some([{}, {"App": "shop-7"}])),
        "sku_id": f"c{nth}",
    }
    consumed = shape.pop("consumed", False)
    return {
        "source": draw(some(["aws"] * 9 + ["gcp"])),
        "day": draw(some([DAY] * 9 + [NEXT])),
        "long": draw(some([False] * 7 + [True])),
        "billed": billed,
        "effective": draw(st.one_of(st.just(billed), money)),
        "list": draw(maybe(money)),
        "contracted": draw(maybe(money, 3)),
        "consumed": quantity if consumed else draw(maybe(money, 3)),
        "priced": draw(maybe(money, 3)),
        "invoice": draw(some(["", "inv-1"])),
        "series": series | shape,
    }


@st.composite
def pods(draw) -> list[dict]:
    """Hours of one device: its own row, and a row of each workload on it, MIG slices and replicas
    among them; some claim more than the device has, some hours nobody saw."""
    device, node = draw(some(["G0", "G1", "G2"])), draw(some(["node-a"] * 4 + ["node-b"]))
    day, first = draw(some([DAY] * 5 + [NEXT])), draw(st.integers(0, 20))
    hours = range(first, first + draw(st.integers(1, 3)))
    holders = draw(some([[], ["m1-x"], ["m1-x", "m2-y"], ["m3-z", "job-q"], ["m1-x", "job-q"]]))
    slices = draw(st.booleans())
    found = []
    for hour in hours:
        observed = draw(some([3_600_000, 3_600_000, 1_000_000]))
        base = {"device": device, "node": node, "day": day, "hour": hour, "observed": observed}
        found.append({**base, "pod": "", "mig": "", "fraction": Decimal(0), "held": 0, "empty": 0})
        for n, pod in enumerate(holders):
            held = draw(some([0, 0, 600_000]))
            found.append({**base, "pod": pod, "mig": f"{n}" if slices else "", "held": held,
                          "fraction": draw(some([Decimal(1), Decimal("0.25"), Decimal("0.571")])),
                          "empty": draw(some([0, 0, 300_000]))})  # fmt: skip
    return found


TOKENS_TOLD = [
    (),
    ("input_tokens",),
    ("input_tokens", "output_tokens"),
    ("input_tokens", "cached_input_tokens", "reasoning_tokens"),
    TOKEN_CLASSES,
]


@st.composite
def calls(draw) -> dict:
    tokens = {name: draw(some([0, 1, 7, 999, 10**6, 10**15])) for name in draw(some(TOKENS_TOLD))}
    return {
        "source": draw(some(["calls", "calls", "gateway", "provider"])),
        "day": draw(some([DAY] * 5 + [NEXT])),
        "model": draw(some(["m1", "m1", "m1", *MODELS, "old-m1", ""])),
        "feature": draw(some(["", *FEATURES])),
        "team": draw(name),
        "workload": draw(some(["", "", "serve-m1"])),
        "environment": draw(some(["", "", "prod"])),
        "activity": draw(some(["", "", "", "inference", "training"])),
        "requests": draw(some([None, 0, 1, 3, 7, 1000, 10**9])),
        **tokens,
    }


@st.composite
def worlds(draw) -> World:
    """One random world."""
    count = draw(some([0, 0, 1, 2, 4]))
    disabled = draw(st.lists(some(["tax", "support", "commitment", "gpu_time", "tokens", "direct",
                                   "credit"]), max_size=2, unique=True))  # fmt: skip
    intervals = [row for _ in range(draw(some([0, 1, 2, 3]))) for row in draw(pods())]
    seen = {(r["device"], r["day"], r["hour"], r["pod"], r["mig"]): r for r in intervals}
    return World(
        rules=tuple(draw(rules(nth)) for nth in range(count)),
        disabled=tuple(disabled),
        charges=tuple(draw(charges(nth)) for nth in range(draw(some([1, 2, 4, 6, 8])))),
        intervals=tuple(seen.values()),
        calls=tuple(draw(calls()) for _ in range(draw(some([0, 2, 4, 6])))),
        nodes=draw(some([{}, NODES, NODES, NODES | {"node-b": "i-b"}])),
        pods=tuple(
            draw(
                st.dictionaries(
                    some(["m1-x", "job-q", "api"]),
                    st.tuples(st.integers(0, 23), st.integers(0, 9), st.integers(0, 40)),
                    max_size=3,
                )
            ).items()
        ),
        stored=draw(st.dictionaries(some(["a/", "b/", "c/x/"]), some([0, 1, 7, 10**15]))),
        prefixes=draw(st.dictionaries(some(["a*", "b/*", "*"]), some(MODELS), max_size=2)),
        workloads=draw(some(HELD_BY)),
        aliases=draw(
            st.dictionaries(
                some([("model", "old-m1"), ("model", "m3"), ("feature", "f2"), ("team", "b")]),
                some(["m1", "f1", "a"]),
                max_size=2,
            )
        ),
        prices=draw(
            st.dictionaries(
                st.tuples(some(MODELS), some(TOKEN_CLASSES[:6])), st.integers(0, 90), max_size=4
            )
        ),
    )
