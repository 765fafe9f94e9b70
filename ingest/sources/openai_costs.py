"""OpenAI's costs API, as connector `openai` lands it (docs/sources/openai.md)."""

from collections.abc import Iterator, Mapping
import json
import re
from typing import BinaryIO

from ingest.sources import focus
from ingest.sources.base import BillReader, Unreadable
from ingest.sources.bucket_lines import BucketLine, bucket_lines, identifies, unix_time
from ingest.sources.cost_rows import billing_period, common_row

NAME = "openai_costs"
# What follows the model in "gpt-6-astra, input_tokens"; the first that fits.
_KINDS = (
    ("cache_write_1h_tokens", re.compile(r"cache.?write.*12.?h")),
    ("cache_write_5m_tokens", re.compile(r"cache.?write|cache.?creation")),
    ("cached_input_tokens", re.compile(r"(?<!un)cached|cache.?read")),
    ("audio_input_tokens", re.compile(r"audio.*(input|prompt)|(input|prompt).*audio")),
    ("audio_output_tokens", re.compile(r"audio.*(output|completion)|(output|completion).*audio")),
    ("image_input_tokens", re.compile(r"image.*input|input.*image")),
    ("output_tokens", re.compile(r"output|completion")),
    ("input_tokens", re.compile(r"input|prompt")),
)


def rows(stream: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The results as rows of FOCUS."""
    for line in bucket_lines(stream, name):
        if not isinstance(line, BucketLine):
            cure = "Run the source again; nothing of the set was loaded"
            raise Unreadable(line.reason, f"{name}, line {line.line}", cure)
        for result in line.results:
            try:
                yield line.number, _row(line, result)
            except (ValueError, TypeError) as error:
                cure = "Run the source again; nothing of the set was loaded"
                raise Unreadable(str(error), f"{name}, line {line.number}", cure) from error


def _row(line: BucketLine, result: Mapping[str, object]) -> dict[str, str]:
    start, end = (unix_time(line.bucket.get(key)) for key in ("start_time", "end_time"))
    amount = result.get("amount") or {}
    value = str(amount.get("value", "") if isinstance(amount, Mapping) else amount)
    currency = amount.get("currency", "") if isinstance(amount, Mapping) else ""
    item = str(result.get("line_item") or "")
    model, kind = model_and_kind(item)
    place = result.get("project_id")
    return {
        **common_row("OpenAI", line, place),
        "ServiceName": "OpenAI API",
        "SkuMeter": item,
        "ChargeDescription": item,
        "BilledCost": value,
        "EffectiveCost": value,
        "BillingCurrency": str(currency or "").upper(),
        "BillingPeriodStart": billing_period(start),
        "ChargePeriodStart": start.isoformat(),
        "ChargePeriodEnd": end.isoformat(),
        "ConsumedQuantity": str(result.get("quantity") or ""),
        "ConsumedUnit": str(result.get("quantity_unit") or ""),
        "CredentialId": str(result.get("api_key_id") or ""),
        "SkuPriceDetails": json.dumps({"ModelId": model, "TokenType": kind} if model else {}),
    }


def model_and_kind(item: str) -> tuple[str, str]:
    """Model and token class of a line item, there is no field for them: ("gpt-6-astra",
    "cached_input_tokens"). The class is '' for what is no tokens, the model where none is named."""
    model, comma, kind = item.rpartition(", ")
    if not comma or " " in model.strip():
        return "", ""
    known = (name for name, pattern in _KINDS if pattern.search(kind.lower()))
    return model.strip(), next(known, "")


READER = BillReader(
    NAME, identifies(NAME), focus.expression, focus.required, focus.strict, flatten=rows
)
