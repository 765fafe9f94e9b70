"""What a rule module offers. Rules only weigh; the one split is the engine's."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """A parameter of a method: a rule's `options[name]` is one of `choices` (value, in words);
    without it the first holds. Queries read it as `w_charge.options ->> name`."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Method:
    """One way to weigh. `queries` are .sql files of attribution.rules that run in order on the
    day's temporary tables (w_charge, w_usage, w_alias) and insert into w_part one row per charge
    of this method and stage-1 target, with an integer weight > 0. Binds: day, source, method,
    instance_types, instance_gpus. A method `after_others` weighs by where the day's other charges
    stand: it runs when all parts of those are known."""

    method_id: str
    title: str
    queries: tuple[str, ...]
    options: tuple[Option, ...] = ()
    after_others: bool = False


NODE_PRICE = Option(
    "node_price",
    "Price of a GPU machine",
    (
        ("all_gpu", "all of it is its GPUs'"),
        ("price_list", "GPUs: its list price less what its CPU and memory cost elsewhere"),
        ("aws", "9 a GPU, 0.9 a vCPU, 0.1 a GB, as AWS weighs"),
    ),
)
CPU_MEMORY = Option(
    "cpu_memory",
    "CPU to memory",
    (
        ("9:1", "a vCPU is worth 9 GB, as AWS weighs"),
        ("7.5:1", "a vCPU is worth 7.5 GB, as Google prices them"),
        ("1:0", "CPU alone"),
        ("0:1", "memory alone"),
    ),
)
UNUSED = Option(
    "unused",
    "CPU and memory nobody requested",
    (("idle", "is idle, unreserved"), ("shared", "is shared by the pods, as AWS does")),
)
