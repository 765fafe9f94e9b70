"""Settings as a command line gives them: name=value, secrets never in the clear."""

from collections.abc import Iterable
from getpass import getpass
from pathlib import Path
import sys

SETTINGS_HELP = (
    "name=value of each setting; value may be env:NAME (read when used), @FILE (its content) or -"
    " (asked for without echo). A secret is never taken from the command line itself."
)


class NotGiven(ValueError):
    """A pair that cannot be taken; the message says how to write it."""


def given_values(given: Iterable[str], secret: set[str]) -> dict[str, object]:
    """The settings by name. Raises `NotGiven`."""
    values: dict[str, object] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise NotGiven(f"{pair!r}: write name=value")
        if value == "-":
            value = getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
        elif value.startswith("@"):
            try:
                value = Path(value[1:]).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise NotGiven(f"{name}: {error}") from error
        elif name in secret and not value.startswith("env:"):
            raise NotGiven(
                f"{name} is a secret: others can read the command line. Write {name}=env:VARIABLE,"
                f" {name}=@FILE or {name}=-"
            )
        values[name] = value
    return values
