"""What somebody else's server says, made fit to be kept and shown: without the source's secrets,
whatever echoed them, and without characters that Postgres cannot store. Pure."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
import json
import re
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from ingest.fetch.base import SECRET, Connector

HIDDEN = "…"
_CHARS_MIN = 4  # shorter ones are no secrets, and their removal would garble every text
_PART_CHARS_MIN = 16  # of what stands inside a secret: a key in a JSON document
_CUT_CHARS_MIN = 8
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PASSWORD = re.compile(r"://[^/@]*?:(.+)@|password=(?:'([^']+)'|(\S+))")


def storable(told: object) -> object:
    """The same text, list or mapping without NUL and half characters."""
    return _each(told, lambda text: _UNSTORABLE.sub("\ufffd", text))


def hider(connector: Connector, config: Mapping[str, object]) -> Callable:
    """A function that takes the secrets of `config` out of a text, list or mapping, in every
    spelling they travel in, and what cannot be stored with them."""
    secrets = [
        str(config[f.name]) for f in connector.fields if f.kind == SECRET if config.get(f.name)
    ]
    spelled = {spelling for secret in secrets for spelling in _spellings(secret, config)}
    needles = sorted((one for one in spelled if len(one) >= _CHARS_MIN), key=len, reverse=True)

    def hide(told: object) -> object:
        return _each(storable(told), lambda text: _without(text, needles))

    return hide


def _without(text: str, needles: list[str]) -> str:
    for needle in needles:
        text = text.replace(needle, HIDDEN)
    for needle in needles:  # a long answer is told in part: its end may be half a secret
        for size in range(min(len(needle) - 1, len(text)), _CUT_CHARS_MIN - 1, -1):
            if text.endswith(needle[:size]):
                return text[:-size] + HIDDEN
    return text


def _spellings(secret: str, config: Mapping[str, object]) -> Iterator[str]:
    for one in (secret, *_inside(secret)):
        yield one
        yield from (quote(one), quote(one, safe=""), quote_plus(one), json.dumps(one)[1:-1])
    if config.get("user"):
        yield b64encode(f"{config['user']}:{secret}".encode()).decode()


def _inside(secret: str) -> Iterator[str]:
    """The secret parts of a secret: of a key file, a connection string, a signed query."""
    if found := _PASSWORD.search(secret):
        password = next(filter(None, found.groups()))
        yield from (password, unquote(password))
    if secret.lstrip().startswith("{"):
        yield from _of_json(secret)
    elif "sig=" in secret:
        yield from (value for name, value in parse_qsl(secret.lstrip("?")) if name == "sig")


def _of_json(secret: str) -> Iterator[str]:
    try:
        told = json.loads(secret)
    except (ValueError, RecursionError):
        return
    for value in told.values() if isinstance(told, dict) else ():
        if isinstance(value, str) and not value.startswith("http") and "@" not in value:
            yield from (
                line for line in [value, *value.splitlines()] if len(line) >= _PART_CHARS_MIN
            )


def _each(told: object, change: Callable[[str], str]) -> object:
    if isinstance(told, str):
        return change(told)
    if isinstance(told, Mapping):
        return {_each(key, change): _each(value, change) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_each(one, change) for one in told]
    return told
