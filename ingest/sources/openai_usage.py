"""OpenAI's usage API, as connector `openai` lands it (docs/sources/openai.md)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources import cells
from ingest.sources.base import RowReader
from ingest.sources.bucket_lines import (
    BucketLine,
    count,
    identifies,
    text,
    unix_time,
    usage_records,
)

NAME = "openai_usage"
_UNITS = (("images", "images", 1), ("seconds", "audio_ms", 1000), ("characters", "characters", 1))
# These are told apart from calls of a model: their count is no request of inference.
_NO_CALLS = {"vector_stores", "code_interpreter_sessions"}


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record a group of an hour."""
    return usage_records(stream, name, _record)


def _record(line: BucketLine, result: Mapping[str, object]) -> Iterator[UsageRecord]:
    is_batch = result.get("batch") is True
    yield UsageRecord(
        time=cells.time(unix_time(line.bucket.get("start_time")).isoformat()),
        provider="openai",
        model=text(result, "model"),
        activity="other" if line.endpoint in _NO_CALLS else "inference",
        pipeline=cells.text(line.endpoint),
        user=text(result, "user_id"),
        serving_mode="batch" if is_batch else "",
        service_tier="batch" if is_batch else text(result, "service_tier"),
        requests=_requests(result),
        **line.owner(result.get("project_id"), result.get("api_key_id")),
        **(_tokens(result) if "input_tokens" in result else {}),
        **_units(result),
    )


def _units(result: Mapping[str, object]) -> dict[str, int]:
    """Pictures made, seconds heard, characters spoken: what has no tokens."""
    told = {into: count(result, name) * scale for name, into, scale in _UNITS if name in result}
    return {into: number for into, number in told.items() if number}


def _requests(result: Mapping[str, object]) -> int | None:
    for name in ("num_model_requests", "num_sessions"):
        if result.get(name) is not None:
            return count(result, name)
    return None


def _tokens(result: Mapping[str, object]) -> dict[str, int]:
    """Disjoint classes that add up to input_tokens and output_tokens. Audio and images are told
    without their cached part; older answers told audio with it."""
    cached, writes = count(result, "input_cached_tokens"), _cache_writes(result)
    audio, image = count(result, "input_audio_tokens"), count(result, "input_image_tokens")
    whole, rest = count(result, "input_tokens"), 0
    for audio_part in (audio, audio - count(result, "input_cached_audio_tokens")):
        rest = whole - cached - sum(writes.values()) - audio_part - image
        if rest >= 0:
            audio = audio_part
            break
    output, audio_output = count(result, "output_tokens"), count(result, "output_audio_tokens")
    if rest < 0 or audio < 0 or audio_output > output:
        raise ValueError(f"{text(result, 'model')}: the kinds of tokens are more than their sum")
    return {
        "input_tokens": rest,
        "cached_input_tokens": cached,
        **writes,
        "audio_input_tokens": audio,
        "image_input_tokens": image,
        "output_tokens": output - audio_output,
        "audio_output_tokens": audio_output,
    }


def _cache_writes(result: Mapping[str, object]) -> dict[str, int]:
    """Written for 30 minutes is the short class, for 12 hours the long one; a sum without its
    parts is short."""
    long = count(result, "input_cache_write_12h_tokens")
    short = count(result, "input_cache_write_30m_tokens")
    whole = count(result, "input_cache_write_tokens")
    return {"cache_write_5m_tokens": max(short, whole - long), "cache_write_1h_tokens": long}


READER = RowReader(NAME, "usage", identifies(NAME), records, usage_role="provider_count")
