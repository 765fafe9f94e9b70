"""Spans to calls, runs and links. Pure: nothing of a span is kept but what is named in the tables
of ingest/otlp/data; messages, events and everything else stay behind here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.otlp.names import DECIMALS, NUMBERS, OBJECTS, QUOTED, RESOURCE_RANK, TOKENS, Names
from ingest.otlp.rows import (
    ESCAPED,
    NULL,
    TEXT_CHARS_MAX,
    TEXTS,
    call_row,
    day_of,
    instant,
    latency_bucket,
)
from ingest.otlp.tokens import disjoint

CALL, RUN, OTHER = "call", "run", "other"
ATTRIBUTES_MAX = 1_000
COUNT_MAX = 10**12
FUTURE_NS_MAX = 3_600 * 10**9
PAST_NS_MAX = 400 * 86_400 * 10**9
_ERROR = 2
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
_TOKENS = frozenset(TOKENS)
_TEXTS = frozenset(TEXTS)
_NESTED = frozenset({"array_value", "kvlist_value", "bytes_value"})

Told = dict[str, tuple[int, object]]


class Refused(ValueError):
    """One span or point cannot be taken; the text says why and quotes nothing of it."""


@dataclass
class Spans:
    """One request: `calls` and `links` are lines of COPY text, `rejected` are (position, reason,
    ids)."""

    spans: int = 0
    calls: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    days: set[int] = field(default_factory=set)  # days since 1970
    others_with_tokens: int = 0


def read_spans(request: ExportTraceServiceRequest, names: Names, now_ns: int) -> Spans:
    """All spans of a request, each as a call, a run, a link, or rejected."""
    made = Spans()
    for resource_spans in request.resource_spans:
        base, service = resource_of(resource_spans.resource, names)
        for scope_spans in resource_spans.scope_spans:
            reader = _Reader(names, scope_spans.scope.name, base, service, now_ns)
            for span in scope_spans.spans:
                made.spans += 1
                try:
                    reader.read(span, made)
                except Refused as refusal:
                    ids = f"{span.trace_id.hex()[:64]}:{span.span_id.hex()[:32]}"
                    made.rejected.append((made.spans, str(refusal), ids))
    return made


def resource_of(resource, names: Names) -> tuple[Told, str]:
    """What the resource tells all its spans, and its service.name."""
    base: Told = {}
    kinds: dict[str, object] = {}
    try:
        note(resource.attributes, names, base, kinds)
    except Refused:  # then it tells nothing; its spans may still be good
        base = {}
    told = {name: (rank + RESOURCE_RANK, value) for name, (rank, value) in base.items()}
    service = next(
        (a.value.string_value for a in resource.attributes if a.key == "service.name"), ""
    )
    return told, service[:TEXT_CHARS_MAX].replace("\x00", "")


def note(attributes, names: Names, best: Told, kinds: dict[str, object]) -> None:
    """Keep of the attributes what has a name in the tables; the best-ranked of each field."""
    if len(attributes) > ATTRIBUTES_MAX:
        raise Refused(f"more than {ATTRIBUTES_MAX} attributes")
    fields, others = names.fields, names.others
    for attribute in attributes:
        key = attribute.key
        entry = fields.get(key)
        if entry is None and key not in others:
            continue
        value = attribute.value
        form = value.WhichOneof("value")
        if form is None or form in _NESTED:
            continue
        told = getattr(value, form)
        if form == "string_value" and told[:1] == '"' and key.startswith(QUOTED):
            told = _json(told)
        if entry is not None:
            held = best.get(entry[0])
            if (held is None or entry[1] < held[0]) and told != "" and told is not None:
                best[entry[0]] = (entry[1], told)
        elif key in OBJECTS:
            _note_members(key, told, fields, best)
        else:
            kinds[key] = told


def _note_members(key: str, told: object, fields, best: Told) -> None:
    for member, value in _members(told):
        name, rank = fields.get(f"{key}.{member}", (None, 0))
        if name is None or value in ("", None) or isinstance(value, dict | list):
            continue
        if name not in best or rank < best[name][0]:
            best[name] = (rank, value)


def _members(told: object):
    made = _json(told) if isinstance(told, str) and len(told) < 20_000 else None
    return made.items() if isinstance(made, dict) else ()


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@dataclass
class _Reader:
    names: Names
    scope: str
    base: Told
    service: str
    now_ns: int

    def read(self, span, made: Spans) -> None:
        trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
        if len(trace_id) != 16 or trace_id == _NO_TRACE:
            raise Refused("the trace id is not 16 bytes")
        if len(span_id) != 8 or span_id == _NO_SPAN:
            raise Refused("the span id is not 8 bytes")
        if parent_id and len(parent_id) != 8:
            raise Refused("the parent span id is not 8 bytes")
        best = dict(self.base)
        kinds: dict[str, object] = {}
        note(span.attributes, self.names, best, kinds)
        trace, number = trace_id.hex(), str(int.from_bytes(span_id, "big", signed=True))
        parent = NULL
        if parent_id and parent_id != _NO_SPAN:
            parent = str(int.from_bytes(parent_id, "big", signed=True))
        kind = kind_of(kinds, best, self.names)
        if kind == OTHER:
            made.links.append(f"{trace}\t{number}\t{parent}")
            made.others_with_tokens += not _TOKENS.isdisjoint(best)
            return
        start = moment(span.start_time_unix_nano, self.now_ns, "starts")
        texts = self._texts(best, span, kind)
        counts = whole_numbers(best)
        quantities = self._quantities(best, counts, span, kind, texts)
        at = start
        if kind == RUN:
            at = moment(max(span.end_time_unix_nano, start), self.now_ns, "ends")
            made.runs.append(_run(trace + span_id.hex(), span, texts, best, counts, quantities))
        told = "f" if _TOKENS.isdisjoint(best) else "t"
        is_call = "t" if kind == CALL else "f"
        event = f"{trace}:{span_id.hex()}"
        service = ESCAPED[self.service]
        ids = (event, trace, number, parent, is_call, told, service, instant(at))
        made.calls.append(call_row(ids, texts, quantities))
        made.days.add(at // 86_400_000_000_000)

    def _texts(self, best: Told, span, kind: str) -> dict[str, str]:
        texts = texts_of(best)
        answered = texts.pop("response_model", "")
        if not texts.get("model"):
            texts["model"] = answered
        elif answered and answered != texts["model"]:
            texts.setdefault("model_version", answered)
        texts.setdefault("activity", "inference" if kind == CALL else "training")
        error = texts.pop("error", "")
        texts["status"] = error or ("error" if span.status.code == _ERROR else "ok")
        return texts

    def _quantities(self, best, counts, span, kind, texts) -> dict[str, object]:
        includes = self.names.input_has_cache(self.scope, texts.get("provider", ""))
        quantities: dict[str, object] = dict(disjoint(counts, includes))
        if kind == CALL:
            quantities["requests"] = 1
            quantities["successes"] = 1 if texts["status"] == "ok" else 0
            if span.end_time_unix_nano:
                bucket = latency_bucket(span.end_time_unix_nano - span.start_time_unix_nano)
                if bucket is not None:
                    quantities["latency_histogram"] = f'{{"{bucket}": 1}}'
        if "gpu_seconds" in best:
            seconds = decimal_of("gpu_seconds", best["gpu_seconds"][1])
            quantities["gpu_ms"] = int((seconds * 1000).to_integral_value())
        if "reported_cost" in best:
            cost = decimal_of("reported_cost", best["reported_cost"][1])
            if cost:  # 0 is what instrumentations write of a model they have no price of
                quantities["reported_cost"] = f"{cost:f}"
                texts.setdefault("reported_currency", "USD")
        return quantities


def kind_of(kinds: Mapping[str, object], best: Told, names: Names) -> str:
    """call, run or other. Without a word about it, a span with a model and tokens is a call."""
    for attribute, values in names.kinds.items():
        told = kinds.get(attribute)
        if told is not None and (found := values.get(str(told).lower())):
            return found
    has_model = "model" in best or "response_model" in best
    return CALL if has_model and not _TOKENS.isdisjoint(best) else OTHER


def texts_of(best: Told) -> dict[str, str]:
    texts = {}
    for name, (_, value) in best.items():
        if name not in _TEXTS and name not in ("response_model", "error"):
            continue
        text = value if isinstance(value, str) else str(value)
        text = text.replace("\x00", "")
        if len(text) > TEXT_CHARS_MAX:
            raise Refused(f"the {name} is longer than {TEXT_CHARS_MAX} characters")
        texts[name] = text
    return texts


def whole_numbers(best: Told) -> dict[str, int]:
    return {name: _whole(name, best[name][1]) for name in NUMBERS if name in best}


def _whole(name: str, value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise Refused(f"the {name} are no whole number")
    if not 0 <= value <= COUNT_MAX:
        raise Refused(f"the {name} are negative or absurdly many")
    return value


def decimal_of(name: str, value: object) -> Decimal:
    """A finite, sensible number that is not negative; a double becomes its shortest text."""
    try:
        made = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        raise Refused(f"the {name} is no number") from None
    if not made.is_finite() or not 0 <= made <= COUNT_MAX:
        raise Refused(f"the {name} is no finite number, negative or absurdly large")
    return made.quantize(Decimal("1e-18"))


def moment(nanoseconds: int, now_ns: int, word: str) -> int:
    if not nanoseconds:
        raise Refused(f"it does not say when it {word}")
    if nanoseconds > now_ns + FUTURE_NS_MAX:
        raise Refused(f"it {word} more than an hour in the future")
    if nanoseconds < now_ns - PAST_NS_MAX:
        raise Refused(f"it {word} more than 400 days ago")
    return nanoseconds


def _run(event: str, span, texts: dict, best: Told, counts: dict, quantities: dict) -> dict:
    """A training run as ingest.models.TrainingRun has it, in JSON."""
    told = {n: str(decimal_of(n, v).normalize()) for n, (_, v) in best.items() if n in DECIMALS}
    metrics = {name: told[name] for name in ("gpu_seconds", "gpu_utilization") if name in told}
    metrics |= {name: str(count) for name, count in counts.items()}
    named = ("experiment", "model", "model_version", "feature", "user", "team", "environment")
    extra = {
        name: str(best[name][1])[:TEXT_CHARS_MAX].replace("\x00", "")
        for name in ("reason", "restarted_from", "git_commit")
        if name in best
    }
    return {
        "run_id": texts.get("run") or event,
        "name": texts.get("run", ""),
        **{name: texts.get(name, "") for name in named},
        **extra,
        "status": "finished" if texts["status"] == "ok" else "failed",
        "started": instant(span.start_time_unix_nano),
        "ended": instant(max(span.end_time_unix_nano, span.start_time_unix_nano)),
        "gpu_ms": quantities.get("gpu_ms"),
        "metrics": metrics,
        "day": day_of(span.start_time_unix_nano).isoformat(),
    }
