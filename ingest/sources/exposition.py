"""Prometheus text exposition: labels, values, and when a sample was taken."""

import re

from ingest.sources import cells

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?\s*')
_ESCAPED = re.compile(r"\\(.)")
_SCRAPED = re.compile(r"#\s*scraped_at\s+(\S+(?: \S+)?)\s*\Z")
_SECONDS_BELOW = 10**11  # OpenMetrics counts seconds, Prometheus milliseconds


def labels_of(text: str) -> dict[str, str]:
    """The labels between the braces. Raises ValueError when they are malformed."""
    labels, at = {}, 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if not found:
            raise ValueError(f"malformed labels near {text[at : at + 30]!r}")
        value = found[2]
        if "\\" in value:
            value = _ESCAPED.sub(lambda m: "\n" if m[1] == "n" else m[1], value)
        labels[found[1]] = value
        at = found.end()
    return labels


def scraped_at(comment: str) -> int | None:
    """Milliseconds of a `# scraped_at <ISO 8601>` line, None for any other comment."""
    found = _SCRAPED.match(comment.rstrip())
    return round(cells.time(found[1]).timestamp() * 1000) if found else None


def timestamp_ms(text: str) -> int:
    """The timestamp behind a value, as ms. Raises ValueError when it cannot be."""
    whole, _, fraction = text.partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()):
        raise ValueError(f"{text[:30]!r} is no timestamp")
    stamp = int(whole)
    if stamp < _SECONDS_BELOW:
        stamp = stamp * 1000 + int((fraction + "000")[:3])
    return stamp
