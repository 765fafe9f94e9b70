"""Settings that come from the environment as text."""

from collections.abc import Mapping
import os


class BadSetting(ValueError):
    """A setting that cannot be what it says; the message names it and what it may be."""


def whole_number(
    name: str, usual: int, least: int = 0, environment: Mapping[str, str] = os.environ
) -> int:
    """The setting of this name, or `usual` where it is unset or empty. Raises BadSetting."""
    text = environment.get(name, "").strip() or str(usual)
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise BadSetting(
            f"{name} is {text!r}; it must be a whole number of at least {least}, "
            f"or unset for {usual}"
        )
    return int(text)
