"""Slurm's short way to write node names: `gpu[01-03,07],login1` is five nodes."""

from itertools import product
import re

NODES_MAX = 20_000
_PART = re.compile(r"\[([^\]]*)\]")
_SPAN = re.compile(r"(\d+)(?:-(\d+))?\Z")
_NONE = {"", "none", "none assigned", "(null)", "unknown"}


def expand(text: str) -> tuple[str, ...]:
    """The nodes in the order they are written, each once; () where none is assigned. Raises
    ValueError for what is no node list."""
    if text.strip().lower() in _NONE:
        return ()
    found: dict[str, None] = {}
    for one in _entries(text.strip()):
        spans = [_numbers(inner) for inner in _PART.findall(one)]
        total = 1
        for span in spans:
            total *= len(span)
        if total + len(found) > NODES_MAX:
            raise ValueError(f"{text[:40]!r} names more than {NODES_MAX} nodes")
        pattern = _PART.split(one)[::2]
        for numbers in product(*spans):
            name = pattern[0] + "".join(
                number + rest for number, rest in zip(numbers, pattern[1:], strict=True)
            )
            found[name] = None
    return tuple(found)


def _entries(text: str) -> list[str]:
    """Split at the commas outside of brackets."""
    if text.count("[") != text.count("]"):
        raise ValueError(f"{text[:40]!r} is no node list")
    entries = [one.strip() for one in re.split(r",(?![^\[]*\])", text)]
    if not all(entries):
        raise ValueError(f"{text[:40]!r} is no node list")
    return entries


def _numbers(inner: str) -> list[str]:
    """`01-03,07` as 01, 02, 03, 07: leading zeros stay."""
    numbers: list[str] = []
    for part in inner.split(","):
        span = _SPAN.match(part.strip())
        if not span:
            raise ValueError(f"[{inner[:40]}] is no range of nodes")
        first, last = span[1], span[2] or span[1]
        if int(last) - int(first) >= NODES_MAX or int(last) < int(first):
            raise ValueError(f"[{inner[:40]}] is no range of nodes")
        numbers += [str(n).zfill(len(first)) for n in range(int(first), int(last) + 1)]
    return numbers
