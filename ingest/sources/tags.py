"""Objects as text, in every spelling seen in bills: JSON, Python's repr, without braces, a map."""

import ast
from collections.abc import Mapping, MutableMapping
import json

ESCAPED = 200  # characters of an unreadable value quoted in the message


def read_object(value: object) -> dict[str, str | None]:
    """The object as a dict of text to text or None. '' and None are the empty object.

    Accepts a mapping, a list of (key, value), JSON, JSON without its braces
    (`"a": "b", "c": "d"`) and Python's repr. A nested value becomes canonical JSON text.
    Raises ValueError naming what it could not read.
    """
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, list):
        try:
            keyed = all(isinstance(one, Mapping) for one in value)
            value = {key: told for key, told, _ in _pairs(value)} if keyed else dict(value)
        except (TypeError, ValueError):
            raise ValueError(f"{str(value)[:ESCAPED]!r} is a list, not an object") from None
    if not isinstance(value, Mapping):
        raise ValueError(f"{str(value)[:ESCAPED]!r} is no object")
    return {str(key): _plain(inner) for key, inner in value.items()}


def add_pairs(found: MutableMapping[str, str | None], row: Mapping[str, object]) -> None:
    """Add the {key, value} lists that stand in the columns `tags:PREFIX` of a row, in their order.

    A key that is free is taken as it is. Where it has another value already, that one stays, being
    nearer to the resource, and the new one stands beside it as PREFIX/key; a pair's own
    `namespace` comes before PREFIX. Raises ValueError."""
    for column, value in row.items():
        if column.startswith("tags:") and value:
            for key, told, namespace in _pairs(value):
                prefix = namespace or column.removeprefix("tags:")
                if found.setdefault(key, told) != told and prefix:
                    found[f"{prefix}/{key}"] = told


def _pairs(value: object) -> list[tuple[str, str | None, str]]:
    pairs = _parsed(value.strip()) if isinstance(value, str) else value
    if not isinstance(pairs, list):
        pairs = [{"key": key, "value": told} for key, told in read_object(pairs).items()]
    if not all(isinstance(pair, Mapping) and isinstance(pair.get("key"), str) for pair in pairs):
        raise ValueError(f"{str(value)[:ESCAPED]!r} is no list of keys and values")
    return [
        (pair["key"], _plain(pair.get("value")), str(pair.get("namespace") or "")) for pair in pairs
    ]


def _plain(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, _Number)):
        return str(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


class _Number(str):
    """A JSON number kept as it is written."""


def _parsed(text: str) -> object:
    if not text or text in ("{}", "[]"):
        return {}
    for candidate in (text, "{" + text + "}"):
        try:
            return json.loads(candidate, parse_float=_Number, strict=False)
        except RecursionError:
            raise ValueError(f"{text[:ESCAPED]!r} is nested too deeply") from None
        except ValueError:  # not this spelling; the next one, and an error after the last
            continue
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"{text[:ESCAPED]!r} is no object") from error
