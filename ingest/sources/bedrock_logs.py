"""Model invocation logs of Amazon Bedrock, JSON lines (docs/sources/aws_bedrock_logs.md).

Prompts and completions stand in these logs; nothing of them is kept: `slim` is what may lie on our
disk, and the reader takes counts alone.
"""

from collections.abc import Iterator, Mapping
import csv
from functools import cache
from importlib.resources import files
import io
import json
import re
from typing import BinaryIO

from ingest.records import Rejected, UsageRecord
from ingest.sources import cells
from ingest.sources.base import Head, RowReader

NAME = "bedrock_logs"
PROVIDER = "aws.bedrock"
_MARK = b'"ModelInvocationLog"'
_KEPT = (
    "schemaType", "schemaVersion", "timestamp", "accountId", "identity", "region",
    "inferenceRegion", "requestId", "operation", "modelId", "errorCode", "requestMetadata",
)  # fmt: skip
_COUNTS = {
    "input": ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"),
    "output": ("outputTokenCount",),
}
_GEOGRAPHY = re.compile(r"\A(us|us-gov|eu|apac|jp|au|ca|sa|me|af|global)\.(?=[a-z0-9-]+\.)")
_VERSION = re.compile(r"(?:-\d{8})?(?:-v\d+|-\d+(?=:))?(?::\d+k?)*\Z")
_FOLDED = re.compile(r"[\s_.-]+")


def identify(head: Head) -> bool:
    return head.first_bytes.lstrip(b"\xef\xbb\xbf \r\n")[:1] == b"{" and _MARK in head.first_bytes


def slim(row: Mapping) -> dict:
    """A log row without what was asked and answered: counts, times and names only."""
    kept: dict = {name: row[name] for name in _KEPT if name in row}
    for side, names in _COUNTS.items():
        told = row.get(side) if isinstance(row.get(side), Mapping) else {}
        kept[side] = {name: told[name] for name in names if name in told}
    if usage := _usage(row):
        kept["output"]["outputBodyJson"] = usage
    return kept


def records(stream: BinaryIO, name: str) -> Iterator[UsageRecord | Rejected]:
    """A usage record for each call; a `Rejected` without its text for each row that is none."""
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            # The line may hold a prompt, so it is not shown.
            yield Rejected(number, "no JSON", f"({len(line)} characters)")
            continue
        if not isinstance(row, Mapping) or row.get("schemaType") != "ModelInvocationLog":
            yield Rejected(number, "no ModelInvocationLog", f"({len(line)} characters)")
            continue
        try:
            yield _record(row)
        except (ValueError, TypeError, AttributeError) as error:
            yield Rejected(number, str(error)[:500], json.dumps(slim(row))[:2_000])


READER = RowReader(name=NAME, kind="usage", identify=identify, records=records)


def _record(row: Mapping) -> UsageRecord:
    told, out = row.get("input") or {}, row.get("output") or {}
    error = _text(row.get("errorCode"))
    model, version = model_of(_text(row.get("modelId")))
    is_provisioned = model.startswith("provisioned-model/")
    if not model:
        raise ValueError("no modelId")
    usage = _usage(row)
    short, long = _cache_writes(_count(told.get("cacheWriteInputTokenCount")), usage)
    latency = (usage.get("metrics") or {}).get("latencyMs")
    dimensions = _metadata(row.get("requestMetadata") or {})
    dimensions.setdefault("user", user_of(_arn(row.get("identity"))))
    return UsageRecord(
        time=cells.time(_text(row.get("timestamp"))),
        event_id=_text(row.get("requestId")) or None,
        provider=PROVIDER,
        model=model,
        model_version=version,
        activity="inference",
        serving_mode="provisioned" if is_provisioned else "",
        region=_text(row.get("inferenceRegion")) or _text(row.get("region")),
        status=error or "ok",
        requests=1,
        successes=0 if error else 1,
        input_tokens=_count(told.get("inputTokenCount")),
        cached_input_tokens=_count(told.get("cacheReadInputTokenCount")),
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        output_tokens=_count(out.get("outputTokenCount")),
        latency_histogram={cells.latency_bucket(str(latency)): 1} if latency is not None else None,
        **dimensions,
    )


def model_of(model_id: str) -> tuple[str, str]:
    """(model, version) of a model id, an inference profile or their ARN. Of a profile of one's own
    nothing but its id is known: an alias says which model that is."""
    if model_id.startswith("arn:"):
        kind, _, name = model_id.split(":", 5)[-1].partition("/")
        if kind in ("application-inference-profile", "provisioned-model", "imported-model"):
            return f"{kind}/{name}", ""
        model_id = name or kind
    model_id = _GEOGRAPHY.sub("", model_id)
    version = _VERSION.search(model_id)[0]
    return cells.text(model_id.removesuffix(version)), version.lstrip("-:")


def user_of(arn: str) -> str:
    """Who called: the session of an assumed role, else the name of the user."""
    return arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]


def _arn(identity: object) -> str:
    if isinstance(identity, list):
        identity = identity[0] if identity else {}
    return _text(identity.get("arn")) if isinstance(identity, Mapping) else ""


def _text(value: object) -> str:
    return cells.text(str(value)) if value is not None else ""


def _count(value: object) -> int | None:
    return None if value is None else cells.count(str(value))


def _usage(row: Mapping) -> dict:
    """What the answer's body tells in numbers: the cache writes by their life, the latency."""
    out = row.get("output")
    body = out.get("outputBodyJson") if isinstance(out, Mapping) else None
    found: dict = {}
    for event in body if isinstance(body, list) else [body]:
        if not isinstance(event, Mapping):
            continue
        message = event.get("message") if isinstance(event.get("message"), Mapping) else {}
        for usage in (event.get("usage"), message.get("usage")):
            if isinstance(usage, Mapping):
                kept = {k: usage[k] for k in ("cacheDetails", "cache_creation") if usage.get(k)}
                found.setdefault("usage", {}).update(kept)
        metrics = event.get("metrics")
        if isinstance(metrics, Mapping) and isinstance(metrics.get("latencyMs"), int | float):
            found["metrics"] = {"latencyMs": metrics["latencyMs"]}
    return {name: value for name, value in found.items() if value}


def _cache_writes(total: int | None, usage: Mapping) -> tuple[int | None, int | None]:
    """(5 minutes, 1 hour). The log itself tells only the sum; without more it lives 5 minutes,
    Bedrock's default."""
    if not total:
        return total, None
    told = usage.get("usage") or {}
    created, long = told.get("cache_creation"), 0
    if isinstance(created, Mapping):
        long = _count(created.get("ephemeral_1h_input_tokens")) or 0
    for one in told.get("cacheDetails") or []:
        if isinstance(one, Mapping) and one.get("ttl") == "1h":
            long += _count(one.get("inputTokens")) or 0
    long = min(long, total)
    return total - long, long or None


@cache
def _metadata_keys() -> dict[str, str]:
    with files("ingest.data").joinpath("request_metadata_keys.csv").open() as lines:
        return {row["key"]: row["field"] for row in csv.DictReader(lines)}


def _metadata(told: Mapping) -> dict[str, str]:
    """The request's own metadata as dimensions; keys compare without case, spaces, hyphens."""
    found: dict[str, str] = {}
    for key, value in told.items():
        field = _metadata_keys().get(_FOLDED.sub("", str(key)).lower())
        if field and value not in (None, ""):
            found.setdefault(field, _text(value))
    return found
