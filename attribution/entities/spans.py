"""Half-open spans of days, None open on either side, that carry a value. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Span(Generic[T]):
    start: date | None
    end: date | None
    value: T

    def holds(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


def is_empty(start: date | None, end: date | None) -> bool:
    return start is not None and end is not None and start >= end


def overlap(
    a: tuple[date | None, date | None], b: tuple[date | None, date | None]
) -> tuple[date | None, date | None] | None:
    """The days two spans share, or None."""
    start = max((d for d in (a[0], b[0]) if d), default=None)
    end = min((d for d in (a[1], b[1]) if d), default=None)
    return None if is_empty(start, end) else (start, end)


def overwritten(spans: Iterable[Span[T]], new: Span[T | None]) -> list[Span[T]]:
    """The spans after `new` took its days from them; its value None only takes. Neighbours of one
    value become one."""
    left: list[Span[T]] = []
    for old in spans:
        if overlap((old.start, old.end), (new.start, new.end)) is None:
            left.append(old)
            continue
        if new.start is not None and (old.start is None or old.start < new.start):
            left.append(Span(old.start, new.start, old.value))
        if new.end is not None and (old.end is None or new.end < old.end):
            left.append(Span(new.end, old.end, old.value))
    if new.value is not None:
        left.append(Span(new.start, new.end, new.value))
    return joined(left)


def joined(spans: Iterable[Span[T]]) -> list[Span[T]]:
    """Spans in order, neighbours of one value made one."""
    found: list[Span[T]] = []
    for span in sorted(spans, key=lambda s: s.start or date.min):
        last = found[-1] if found else None
        if last and last.end == span.start and last.end is not None and last.value == span.value:
            found[-1] = Span(last.start, span.end, span.value)
        else:
            found.append(span)
    return found


def edges_of(spans: Iterable[Span[T]]) -> list[date]:
    return sorted({day for span in spans for day in (span.start, span.end) if day})


def value_on(spans: Iterable[Span[T]], day: date) -> T | None:
    return next((span.value for span in spans if span.holds(day)), None)


def without(spans: Iterable[Span[T]], others: Iterable[Span[T]]) -> list[Span[T]]:
    """The days on which `spans` say something that `others` do not say of the same days."""
    left = list(spans)
    for other in others:
        left = [
            piece
            for span in left
            for piece in (
                overwritten([span], Span(other.start, other.end, None))
                if span.value == other.value
                else [span]
            )
        ]
    return left


def told(spans: Iterable[Span[T]], show: Callable[[T], str] = str) -> list[dict]:
    """Spans as JSON for a history, in order: {from, to, is}."""
    return [
        {
            "from": span.start and span.start.isoformat(),
            "to": span.end and span.end.isoformat(),
            "is": show(span.value),
        }
        for span in sorted(spans, key=lambda span: span.start or date.min)
    ]
