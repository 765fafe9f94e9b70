"""Which bill the calls of a usage source foretell: said by somebody, or the only one it can be."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db import connection

from aicost.kernel.sqlfiles import sql
from ingest.list_prices import provider_key
from ingest.models import Source

SET, AUTOMATIC, NONE, SEVERAL, OFF = ("set", "automatic", "none", "several", "off")


@dataclass(frozen=True)
class Anticipation:
    """Calls of `usage_source` at `provider` (as they name it) stand on the bill of `bill_source`:
    `how` is set or automatic; of `none` no bill is known yet, so the estimate stands by itself; of
    `several` bills (their names in `candidates`) and of `off` nothing is estimated."""

    usage_source: Source
    provider: str
    bill_source: Source | None
    how: str
    candidates: tuple[str, ...] = ()

    @property
    def estimated_for(self) -> Source | None:
        return self.usage_source if self.how == NONE else self.bill_source


@dataclass(frozen=True)
class Bills:
    """What bills charge by the token: (source id, key of the provider, model) -> its name there."""

    named: dict[tuple[int, str, str], str]

    def provider_of(self, source_id: int, model: str, otherwise: str) -> str:
        """The provider of a model as the bill of a source names it."""
        found = [name for (of, _, m), name in self.named.items() if (of, m) == (source_id, model)]
        if not found:
            wanted = provider_key(otherwise)
            found = [
                n for (of, key, _), n in self.named.items() if (of, key) == (source_id, wanted)
            ]
        return min(found, default=otherwise)


def api_bills() -> Bills:
    rows = _rows("estimate_api_bills", {})
    return Bills({(source, provider_key(name), model): name for source, name, model in rows})


def anticipations(start: date, end: date, bills: Bills | None = None) -> list[Anticipation]:
    """Of every usage source and provider with calls in [start, end), the bill it foretells."""
    bills = bills or api_bills()
    models: dict[tuple[int, str], set[str]] = defaultdict(set)
    for source, provider, model in _rows("estimate_metered_models", {"start": start, "end": end}):
        models[source, provider].add(model)
    sources = {one.pk: one for one in Source.objects.select_related("anticipates")}
    found = [
        _of(sources[source], provider, named, bills, sources)
        for (source, provider), named in models.items()
    ]
    return sorted(found, key=lambda one: (one.usage_source.name, one.provider))


def _of(
    usage: Source, provider: str, models: set[str], bills: Bills, sources: dict[int, Source]
) -> Anticipation:
    if usage.anticipates_filter.get("estimates") == OFF:
        return Anticipation(usage, provider, None, OFF)
    wanted = provider_key(provider)
    said = usage.anticipates_filter.get("provider")
    if usage.anticipates and (not said or wanted in {provider_key(one) for one in said}):
        return Anticipation(usage, provider, usage.anticipates, SET)
    by_provider = {source for source, key, _ in bills.named if wanted and key == wanted}
    by_model = {source for source, _, model in bills.named if model in models}
    possible = by_provider or by_model
    if len(possible) > 1 and len(by_provider & by_model) == 1:
        possible = by_provider & by_model
    if len(possible) == 1:
        return Anticipation(usage, provider, sources[possible.pop()], AUTOMATIC)
    names = tuple(sorted(sources[pk].name for pk in possible))
    return Anticipation(usage, provider, None, SEVERAL if possible else NONE, names)


def _rows(query: str, binds: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", query), binds or None)
        return cursor.fetchall()
