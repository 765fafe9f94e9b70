"""Anthropic's cost report, as connector `anthropic` lands it (docs/sources/anthropic.md)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Context, Decimal, InvalidOperation
import json
from typing import BinaryIO

from aicost.kernel.periods import as_utc
from ingest.sources import focus
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.bucket_lines import BucketLine, bucket_lines, identifies
from ingest.sources.cost_rows import billing_period, common_row

NAME = "anthropic_costs"
_EXACT = Context(prec=80)
_CURE = "Run the source again; nothing of the set was loaded"
_KINDS = {
    "uncached_input_tokens": "input_tokens",
    "cache_read_input_tokens": "cached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
    "output_tokens": "output_tokens",
}
_NO_PLACE = ("", "not_available", "None")


def rows(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The results as rows of FOCUS."""
    for line in bucket_lines(stream, name):
        if not isinstance(line, BucketLine):
            raise Unreadable(line.reason, f"{name}, line {line.line}", _CURE)
        for result in line.results:
            try:
                yield line.number, _row(line, result)
            except (ValueError, TypeError) as error:
                raise Unreadable(str(error), f"{name}, line {line.number}", _CURE) from error


def _row(line: BucketLine, result: Mapping[str, object]) -> dict[str, str]:
    start, end = (_time(line.bucket.get(key)) for key in ("starting_at", "ending_at"))
    cost = dollars(result.get("amount"))
    description = str(result.get("description") or result.get("cost_type") or "")
    kind, geo = str(result.get("token_type") or ""), str(result.get("inference_geo") or "")
    details = {
        "ModelId": result.get("model"),
        "TokenType": _KINDS.get(kind, kind),
        "CostType": result.get("cost_type"),
        "ServiceTier": result.get("service_tier"),
        "ContextWindow": result.get("context_window"),
        "Speed": result.get("speed"),
        "Product": result.get("product"),
    }
    return {
        **common_row("Anthropic", line, result.get("workspace_id")),
        "ServiceName": "Claude API",
        "SkuMeter": description,
        "ChargeDescription": description,
        "RegionId": "" if geo in _NO_PLACE else geo,
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ListCost": dollars(result.get("list_amount")),
        "BillingCurrency": str(result.get("currency") or "").upper(),
        "BillingPeriodStart": billing_period(start),
        "ChargePeriodStart": start.isoformat(),
        "ChargePeriodEnd": end.isoformat(),
        "SkuPriceDetails": json.dumps({k: str(v) for k, v in details.items() if v}),
    }


def dollars(cents: object) -> str:
    """A decimal text of cents as one of dollars, exactly; '' for none. What is no number stays as
    it is, so that loading refuses it by its own words."""
    if cents is None:
        return ""
    try:
        return str(Decimal(str(cents)).scaleb(-2, context=_EXACT))
    except InvalidOperation:
        return str(cents)


def _time(told: object) -> datetime:
    try:
        return as_utc(datetime.fromisoformat(str(told)))
    except ValueError:
        raise ValueError(f"{str(told)[:40]!r} is no time") from None


READER = BillReader(
    NAME, identifies(NAME), focus.expression, focus.required, focus.strict, flatten=rows
)
