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
