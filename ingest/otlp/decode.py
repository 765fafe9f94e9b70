"""Bytes of an OTLP/HTTP request to protobuf messages. Pure.

JSON ids are hex, but protobuf's JSON parser takes bytes for base64; so they are turned first, and
events and links, where prompts travel, are dropped before anything is built of them.
"""

import base64
import json
import zlib

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MESSAGES = {"traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest}
JSON_DEPTH_MAX = 64
_BLOCK_BYTES = 1 << 16
_IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
_SNAKE = {"trace_id": "traceId", "span_id": "spanId", "parent_span_id": "parentSpanId"}
_DROPPED = ("events", "links", "exemplars")


class Undecodable(ValueError):
    """The request cannot be read at all; the text says why."""


class TooLarge(ValueError):
    """Unpacked, the request has more bytes than allowed."""


def gunzip(body: bytes, bytes_max: int) -> bytes:
    """The unpacked body, never more than `bytes_max`. Raises `TooLarge`, `Undecodable`."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    made, size, left = [], 0, body
    try:
        while left and not unpacker.eof:
            block = unpacker.decompress(left, max(_BLOCK_BYTES, bytes_max // 64))
            left = unpacker.unconsumed_tail
            size += len(block)
            if size > bytes_max:
                raise TooLarge(f"the body unpacks to more than {bytes_max} bytes")
            made.append(block)
    except zlib.error as error:
        raise Undecodable(f"the gzip is broken: {error}") from error
    if not unpacker.eof:
        raise Undecodable("the gzip is cut short")
    if unpacker.unused_data:
        raise Undecodable("bytes follow the end of the gzip")
    return b"".join(made)


def decode(signal: str, body: bytes, content_type: str) -> Message:
    """The request of `signal` (traces or metrics). Raises `Undecodable`."""
    message = MESSAGES[signal]
    if content_type == PROTOBUF:
        try:
            return message.FromString(body)
        except DecodeError as error:
            raise Undecodable(f"no {message.DESCRIPTOR.name}: {error}") from error
    try:
        told = json.loads(body)
        if not isinstance(told, dict):
            raise Undecodable("the JSON is no object")
        return ParseDict(
            _prepared(told, 0), message(), ignore_unknown_fields=True, max_recursion_depth=100
        )
    except (ParseError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise Undecodable(f"no {message.DESCRIPTOR.name} in JSON: {str(error)[:300]}") from error


def _prepared(value: object, depth: int) -> object:
    """The same JSON with ids in base64 and without what is not kept."""
    if depth > JSON_DEPTH_MAX:
        raise Undecodable(f"the JSON is nested deeper than {JSON_DEPTH_MAX}")
    if isinstance(value, list):
        return [_prepared(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, held in value.items():
        key = _SNAKE.get(key, key)
        if key in _IDS and isinstance(held, str):
            made[key] = _base64(held)
        elif key == "attributes":
            made[key] = _attributes(held)
        elif key not in _DROPPED:
            made[key] = _prepared(held, depth + 1)
    return made


def _base64(hex_text: str) -> str:
    """An id that is no hex comes out with a wrong length: its span is rejected, not the request."""
    try:
        return base64.b64encode(bytes.fromhex(hex_text)).decode()
    except ValueError:
        return base64.b64encode(hex_text.encode()[:4] + b"?").decode()


def _attributes(held: object) -> object:
    """Attributes with a plain value; lists and objects say nothing that is kept."""
    if not isinstance(held, list):
        return held
    return [one for one in held if not _nested(one)]


def _nested(attribute: object) -> bool:
    value = attribute.get("value") if isinstance(attribute, dict) else None
    names = ("arrayValue", "array_value", "kvlistValue", "kvlist_value", "bytesValue")
    return isinstance(value, dict) and any(name in value for name in names)
