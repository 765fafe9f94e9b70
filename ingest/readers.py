"""Which reader reads the files of a source: the one that knows them, or the source's own mapping.

A mapping is kept for good, under the number of its version: a delivery names the one it was read
with, so that lineage and replay read it again in the same way.
"""

from collections.abc import Mapping

from django.db import transaction

from ingest.models import Source
from ingest.sources import SOURCES
from ingest.sources.base import Reader
from ingest.sources.mapped import checked, mapped_reader

MAPPED = "mapped-"


def mapping_reader(source_name: str | None) -> Reader | None:
    """The reader of the source's newest mapping; None where it has none."""
    source = Source.objects.filter(name=source_name).first() if source_name else None
    mappings = source.settings.get("mappings") if source else None
    return reader_named(source, f"{MAPPED}{len(mappings)}") if mappings else None


def reader_named(source: Source, name: str) -> Reader:
    """The reader a delivery of the source was read with."""
    if name.startswith(MAPPED):
        told = source.settings["mappings"][int(name.removeprefix(MAPPED)) - 1]
        return mapped_reader(checked(told), name)
    return next(reader for reader in SOURCES if reader.name == name)


def save_mapping(source: Source, told: Mapping[str, object]) -> Source:
    """Add a version of the mapping; the files of the source are read by it from now on. Raises
    `BadMapping`."""
    mapping = checked(told)
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        kept = {
            "target": mapping.target,
            "columns": dict(mapping.columns),
            "constants": dict(mapping.constants),
            "decimal": mapping.decimal,
            "date": mapping.date,
        }
        mappings = locked.settings.get("mappings", [])
        if not mappings or mappings[-1] != kept:
            locked.settings["mappings"] = [*mappings, kept]
            locked.save(update_fields=["settings"])
    return locked
