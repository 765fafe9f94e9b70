"""LiteLLM's spend logs: as the connectors land them, or the table itself as CSV, JSON lines or
Parquet (docs/sources/litellm_logs.md)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
import json
from typing import BinaryIO

from ingest.latency import bucket_of
from ingest.records import Rejected, UsageRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader
from ingest.sources.tables import chunks, columns_of

NAME = "litellm_logs"
KNOWN_BY = frozenset({"request_id", "call_type", "spend", "starttime", "prompt_tokens"})
# `key:value` among a request's tags, or a key of its spend_logs_metadata → field of the record.
TAGS = {
    "feature": "feature",
    "experiment": "experiment",
    "team": "team",
    "environment": "environment",
    "env": "environment",
    "workload": "workload",
    "service": "workload",
    "customer": "customer",
    "pipeline": "pipeline",
    "run": "run",
    "agent_step": "agent_step",
    "prompt_version": "prompt_version",
}
_TOKENS = {"prompt": "prompt_tokens", "completion": "completion_tokens"}


def identify(head: Head) -> bool:
    return columns_of(head) >= KNOWN_BY


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record a call."""
    for chunk in chunks(stream, name):
        yield from chunk.rejected
        for at, cell in enumerate(zip(*chunk.cells, strict=True)):
            row = dict(zip(chunk.columns, cell, strict=True))
            try:
                yield _record(row)
            except ValueError as error:
                yield Rejected(chunk.lines[at], str(error), json.dumps(_shown(row))[:2_000])


def _shown(row: Mapping[str, str | None]) -> dict[str, str]:
    """A row for quarantine: an exported table may hold what was asked and answered."""
    bodies = ("messages", "response", "proxy_server_request", "metadata")
    return {key: value for key, value in row.items() if value and key not in bodies}


def _record(row: Mapping[str, str | None]) -> UsageRecord:
    metadata = _object(row.get("metadata"))
    status = (row.get("status") or str(metadata.get("status") or "")).lower()
    start = cells.time(_needed(row, "starttime"))
    provider, model = _named(row)
    told = _dimensions(row, metadata)
    is_cached = (row.get("cache_hit") or "").lower() == "true"
    tokens = {} if is_cached else _tokens(row, _object(metadata.get("usage_object")))
    group = row.get("model_group") or ""
    return UsageRecord(
        time=start,
        event_id=cells.text(_needed(row, "request_id")),
        provider=provider,
        model=model,
        activity="inference",
        pipeline=told.pop("pipeline", "") or cells.text(group if group != model else ""),
        user=cells.text(row.get("user") or ""),
        status=cells.text(status),
        requests=1,
        successes=int(status == "success") if status else None,
        latency_histogram=_latency(row, start),
        **_cost(row, tokens, is_cached),
        **tokens,
        **told,
    )


def _needed(row: Mapping[str, str | None], name: str) -> str:
    value = (row.get(name) or "").strip()
    if not value:
        raise ValueError(f"{name} is empty")
    return value


def _named(row: Mapping[str, str | None]) -> tuple[str, str]:
    """Provider and model; a model may carry the provider in front, "azure/gpt-5"."""
    provider, model = row.get("custom_llm_provider") or "", row.get("model") or ""
    before, slash, rest = model.partition("/")
    if slash and (not provider or before == provider):
        provider, model = before, rest
    return cells.text(provider), cells.text(model)


def _dimensions(row: Mapping[str, str | None], metadata: Mapping) -> dict[str, str]:
    """What the call says of itself: tags first, then the metadata sent with it, then the key."""
    told: dict[str, str] = {}
    pairs = [tag.partition(":") for tag in _tags(row.get("request_tags"))]
    sent = _object(metadata.get("spend_logs_metadata"))
    pairs += [(str(key), ":", str(value)) for key, value in sent.items() if value]
    for key, _, value in pairs:
        name = TAGS.get(key.strip().lower().replace("-", "_"))
        if name and value.strip():
            told.setdefault(name, cells.text(value.strip()))
    fallbacks = {
        "customer": row.get("end_user"),
        "team": metadata.get("user_api_key_team_alias") or row.get("team_id"),
        "workload": metadata.get("user_api_key_alias"),
    }
    for name, value in fallbacks.items():
        if value:
            told.setdefault(name, cells.text(str(value)))
    return told


def _tags(raw: str | None) -> list[str]:
    try:
        told = json.loads(raw or "[]")
    except (ValueError, RecursionError):
        return []
    return [tag for tag in told if isinstance(tag, str)] if isinstance(told, list) else []


def _tokens(row: Mapping[str, str | None], usage: Mapping) -> dict[str, int]:
    """Disjoint classes. Cached and written tokens are told only in metadata, and are part of the
    prompt; where they are more than it, it was told without them."""
    prompt = _count(usage.get("prompt_tokens"), row.get("prompt_tokens"))
    completion = _count(usage.get("completion_tokens"), row.get("completion_tokens"))
    asked, answered = (_object(usage.get(f"{name}_details")) for name in _TOKENS.values())
    cached = _count(usage.get("cache_read_input_tokens"), asked.get("cached_tokens"))
    kinds = _object(asked.get("cache_creation_token_details"))
    long = _count(kinds.get("ephemeral_1h_input_tokens"))
    written = _count(usage.get("cache_creation_input_tokens"), asked.get("cache_creation_tokens"))
    short = max(_count(kinds.get("ephemeral_5m_input_tokens")), written - long)
    audio, image = _count(asked.get("audio_tokens")), _count(asked.get("image_tokens"))
    parts = cached + short + long + audio + image
    reasoning, spoken = (
        _count(answered.get("reasoning_tokens")),
        _count(answered.get("audio_tokens")),
    )
    return {
        "input_tokens": prompt - parts if prompt >= parts else prompt,
        "cached_input_tokens": cached,
        "cache_write_5m_tokens": short,
        "cache_write_1h_tokens": long,
        "audio_input_tokens": audio,
        "image_input_tokens": image,
        "output_tokens": max(completion - reasoning - spoken, 0),
        "reasoning_tokens": reasoning,
        "audio_output_tokens": spoken,
    }


def _count(*told: object) -> int:
    """The first that is told and not 0."""
    for value in told:
        if value not in (None, "", 0, "0"):
            return cells.count(str(value))
    return 0


def _cost(row: Mapping[str, str | None], tokens: Mapping[str, int], is_cached: bool) -> dict:
    """LiteLLM's own figure, in USD. It writes 0 for a model it knows no price of: unpriced."""
    try:
        spend = cells.amount(row["spend"]) if row.get("spend") else None
    except ValueError as error:
        raise ValueError(f"spend: {error}") from None
    if spend is not None and spend == Decimal(0) and not is_cached and any(tokens.values()):
        spend = None
    return {} if spend is None else {"reported_cost": spend, "reported_currency": "USD"}


def _latency(row: Mapping[str, str | None], start: datetime) -> dict[int, int] | None:
    if row.get("request_duration_ms"):
        return {bucket_of(cells.not_negative(row["request_duration_ms"])): 1}
    if not row.get("endtime"):
        return None
    took = cells.time(row["endtime"]) - start
    millis = (
        Decimal(took.days * 86_400_000 + took.seconds * 1000) + Decimal(took.microseconds) / 1000
    )
    return {bucket_of(millis): 1} if millis >= 0 else None


def _object(value: object) -> Mapping:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


READER = RowReader(NAME, "usage", identify, records)
