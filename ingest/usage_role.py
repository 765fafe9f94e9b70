"""Whose count of the calls a source's usage is (docs/decisions/0014-two-counts-of-one-call.md)."""

from ingest.models import Source, Usage
from ingest.sources.base import Unreadable

CALLS, PROVIDER_COUNT = "calls", "provider_count"
_WORDS = {CALLS: "calls of your own log", PROVIDER_COUNT: "the provider's count of them"}


def take_role(source: Source, role: str, name: str) -> None:
    """Give the source its role with its first usage, inside the caller's transaction, its row
    locked. Raises `Unreadable` for usage of the other kind: one source holds one count."""
    known = Source.objects.values_list("usage_role", flat=True).get(pk=source.pk)
    if not known and role == PROVIDER_COUNT and Usage.objects.filter(source=source).exists():
        known = CALLS
    if known == role:
        return
    if known:
        told = f"source {source.name!r} holds {_WORDS[known]}, this file {_WORDS[role]}"
        raise Unreadable(told, name, "Load it as a source of its own (--source NAME)")
    Source.objects.filter(pk=source.pk).update(usage_role=role)
