"""Look-ups whose answer does not change while one page is made, made once for it.

Outside of `steady` nothing is kept, so that a worker or a command never reads an old answer.
"""

from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P, R = ParamSpec("P"), TypeVar("R")

_kept: ContextVar[MutableMapping | None] = ContextVar("kept", default=None)


@contextmanager
def steady(answers: MutableMapping | None = None) -> Iterator[None]:
    """Within it, a function marked `once` is asked once for the same arguments; `answers` holds
    what they said, and goes with the page. Without, those of the `steady` around it, if any."""
    token = _kept.set(answers_here() if answers is None else answers)
    try:
        yield
    finally:
        _kept.reset(token)


def answers_here() -> MutableMapping:
    """What is kept here and now; nothing yet outside of `steady`."""
    found = _kept.get()
    return {} if found is None else found


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What stands under the key of the page that is being made, made by the first who asks; made
    anew outside of a page."""
    found = _kept.get()
    if found is None:
        return make()
    if key not in found:
        found[key] = make()
    return found[key]


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Keep the answer of a function of hashable arguments while within `steady`."""

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        key = (function.__module__, function.__qualname__, args, tuple(sorted(kwargs.items())))
        return kept(key, partial(function, *args, **kwargs))

    return asked
