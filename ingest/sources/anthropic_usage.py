"""Anthropic's messages usage report, as connector `anthropic` lands it
(docs/sources/anthropic.md)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources import cells
from ingest.sources.base import RowReader
from ingest.sources.bucket_lines import BucketLine, count, identifies, text, usage_records

NAME = "anthropic_usage"


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """One record a group of an hour, and one more where it searched the web."""
    return usage_records(stream, name, _records)


def _records(line: BucketLine, result: Mapping[str, object]) -> Iterator[UsageRecord]:
    tier, geo = text(result, "service_tier"), text(result, "inference_geo")
    common = {
        "time": cells.time(str(line.bucket.get("starting_at"))),
        "provider": "anthropic",
        "model": text(result, "model"),
        "user": text(result, "account_id") or text(result, "service_account_id"),
        "serving_mode": "batch" if tier == "batch" else "",
        "service_tier": tier,
        "region": "" if geo == "not_available" else geo,
        **line.owner(result.get("workspace_id"), result.get("api_key_id")),
    }
    writes = result.get("cache_creation") or {}
    if not isinstance(writes, Mapping):
        raise ValueError("cache_creation is no object")
    yield UsageRecord(
        **common,
        activity="inference",
        pipeline=cells.text(line.endpoint),
        input_tokens=count(result, "uncached_input_tokens"),
        cached_input_tokens=count(result, "cache_read_input_tokens"),
        cache_write_5m_tokens=count(writes, "ephemeral_5m_input_tokens"),
        cache_write_1h_tokens=count(writes, "ephemeral_1h_input_tokens"),
        output_tokens=count(result, "output_tokens"),
    )
    tools = result.get("server_tool_use") or {}
    searches = count(tools, "web_search_requests") if isinstance(tools, Mapping) else 0
    if searches:
        # Paid by the search and no call of a model: counted, but as nothing that weighs tokens.
        yield UsageRecord(**common, activity="other", pipeline="web_search", requests=searches)


READER = RowReader(NAME, "usage", identifies(NAME), records, usage_role="provider_count")
