"""Token counts as told, made disjoint: their sum is what the provider counts. Pure."""

from collections.abc import Mapping

Told = Mapping[str, int]
CLASSES = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
)


def disjoint(told: Told, input_has_cache: bool) -> dict[str, int]:
    """Counts by class of CLASSES; a class nobody told is absent.

    A part can be no larger than its whole: where cache or reasoning exceed input or output, they
    were not in it, whatever the instrumentation promises. Cache writes of unknown length count as
    five minutes.
    """
    made: dict[str, int] = {}
    read, write = told.get("cache_read_tokens"), told.get("cache_write_tokens")
    cached = (read or 0) + (write or 0)
    if read is not None:
        made["cached_input_tokens"] = read
    if write is not None:
        hour = min(told.get("cache_write_1h_tokens", 0), write)
        made["cache_write_5m_tokens"] = write - hour
        if "cache_write_1h_tokens" in told:
            made["cache_write_1h_tokens"] = hour
    given = told.get("input_tokens")
    if given is not None and input_has_cache and cached <= given:
        given -= cached
    _take_apart(made, "input_tokens", given, told, ("audio_input_tokens", "image_input_tokens"))
    given, reasoning = told.get("output_tokens"), told.get("reasoning_tokens")
    if given is not None and reasoning is not None and reasoning > given:
        given += reasoning
    parts = ("reasoning_tokens", "audio_output_tokens")
    _take_apart(made, "output_tokens", given, told, parts)
    return made


def _take_apart(
    made: dict[str, int], whole: str, given: int | None, told: Told, parts: tuple[str, ...]
) -> None:
    for part in parts:
        count = told.get(part)
        if count is None:
            continue
        if given is not None:
            count = min(count, given)
            given -= count
        made[part] = count
    if given is not None:
        made[whole] = given
