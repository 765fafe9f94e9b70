"""Look-ups whose answer does not change while one page is made, made once for it.

Outside of `steady` nothing is kept, so that a worker or a command never reads an old answer.
"""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

P, R = ParamSpec("P"), TypeVar("R")

_kept: ContextVar[MutableMapping | None] = ContextVar("kept", default=None)


@contextmanager
def steady(kept: MutableMapping) -> Iterator[None]:
    """Within it, a function marked `once` is asked once for the same arguments; `kept` holds the
    answers, and goes with the page."""
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Keep the answer of a function of hashable arguments while within `steady`."""

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        kept = _kept.get()
        if kept is None:
            return function(*args, **kwargs)
        key = (function.__module__, function.__qualname__, args, tuple(sorted(kwargs.items())))
        if key not in kept:
            kept[key] = function(*args, **kwargs)
        return kept[key]

    return asked
