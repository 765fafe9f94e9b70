"""What instrumentations call things: tables in ingest/otlp/data, and a source's own names before
them. Pure."""

from collections.abc import Iterator, Mapping
import csv
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
)
NUMBERS = (*TOKENS, "read_bytes", "written_bytes")
DECIMALS = ("gpu_seconds", "gpu_utilization", "reported_cost")
RESOURCE_RANK = 10_000  # what a span says itself comes before what its resource says
# Attributes whose value is JSON text; their members are looked up as `attribute.member`.
OBJECTS = frozenset({"metadata", "mlflow.chat.tokenUsage", "mlflow.llm.cost"})
# MLflow writes every value as JSON, a plain string in quotes.
QUOTED = "mlflow."


@dataclass(frozen=True)
class Scope:
    """Whether the input count of an instrumentation has the cached tokens in it."""

    scope: str
    provider: str
    input_has_cache: bool


@dataclass(frozen=True)
class Names:
    """`fields`: attribute -> (field, rank), the lowest rank wins. `kinds`: attribute ->
    {value: call, run or other}, asked in this order."""

    fields: Mapping[str, tuple[str, int]]
    kinds: Mapping[str, Mapping[str, str]]
    scopes: tuple[Scope, ...]

    @cached_property
    def others(self) -> frozenset[str]:
        """Attributes that are looked at although they are no field."""
        return OBJECTS | frozenset(self.kinds)

    def input_has_cache(self, scope: str, provider: str) -> bool:
        for known in self.scopes:
            if scope.startswith(known.scope) and known.provider in ("", provider):
                return known.input_has_cache
        return True


class BadNames(ValueError):
    """A source's own attribute names are not usable; the text says why."""


def rows(table: str) -> Iterator[dict[str, str]]:
    with files("ingest.otlp.data").joinpath(f"{table}.csv").open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


@cache
def built_in() -> Names:
    fields = {row["attribute"]: (row["field"], rank) for rank, row in enumerate(rows("attributes"))}
    kinds: dict[str, dict[str, str]] = {}
    for row in rows("kinds"):
        kinds.setdefault(row["attribute"], {})[row["value"]] = row["is"]
    scopes = [
        Scope(row["scope"], row["provider"], row["input_has_cache"] == "yes")
        for row in rows("scopes")
    ]
    return Names(fields, kinds, tuple(scopes))


def names_of(own: Mapping[str, str]) -> Names:
    """The built-in names with a source's own {attribute: field} before them. Raises `BadNames`."""
    base = built_in()
    if not own:
        return base
    known = {field for field, _ in base.fields.values()}
    unknown = sorted(set(own.values()) - known)
    if unknown:
        raise BadNames(f"no field {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    first = {name: (field, rank - len(own)) for rank, (name, field) in enumerate(own.items())}
    return Names({**base.fields, **first}, base.kinds, base.scopes)
