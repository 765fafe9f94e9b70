"""Which way a measure of quality is better: as its scores were told, else as words say of its name.

The words are data/quality_measures.csv (docs/vocabulary.md). No day depends on them, so a change of
the file counts at once and decides nothing again."""

from attribution.quality import HIGHER, LOWER
from attribution.vocabulary import BadVocabulary, own, pattern, rows

NAME = "quality_measures.csv"


def better_of(measure: str, told: str = "") -> str:
    """`told` where a score says it; else the first row whose pattern is in the measure's name;
    else `higher`. Raises `BadVocabulary`."""
    if told:
        return told
    for row in rows(NAME, own(NAME)):
        if pattern(row["pattern"], NAME).search(measure):
            if row["better"] not in (HIGHER, LOWER):
                cure = f"Write {HIGHER} or {LOWER}"
                raise BadVocabulary(f"data/{NAME}: {row['better']!r} is no direction. {cure}")
            return row["better"]
    return HIGHER
