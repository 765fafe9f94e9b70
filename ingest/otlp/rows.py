"""Decoded calls as rows of Postgres' COPY text. Pure."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta

from ingest.latency import BUCKET_MAX, BUCKET_MIN

NULL = "\\N"
TEXTS = (
    "provider",
    "model",
    "model_version",
    "workload",
    "activity",
    "serving_mode",
    "pipeline",
    "run",
    "agent_step",
    "feature",
    "experiment",
    "team",
    "environment",
    "customer",
    "user",
    "status",
    "region",
    "service_tier",
    "prompt_version",
    "reported_currency",
)
QUANTITIES = (
    "requests",
    "successes",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
    "gpu_ms",
    "latency_histogram",
    "reported_cost",
)
# `told`: it tells tokens; `service` is the service.name of its resource.
IDS = ("event_id", "trace_id", "span_id", "parent_id", "is_call", "told", "service", "time")
CALL_COLUMNS = (*IDS, *TEXTS, *QUANTITIES)
TEXT_CHARS_MAX = 300
_MEMO_MAX = 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000


class _Bounds(list):
    """The least whole nanoseconds of each latency bucket: 2^(k/4) ms, rounded up exactly."""

    def __init__(self) -> None:
        super().__init__(_fourth_root_up(bucket) for bucket in range(BUCKET_MIN, BUCKET_MAX + 2))


def _fourth_root_up(bucket: int) -> int:
    """The least integer d with d^4 >= 2^bucket * (10^6)^4."""
    wanted = 10**24 << bucket if bucket >= 0 else -(-(10**24) >> -bucket)
    low, high = 0, 1 << 64
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**4 >= wanted else (middle + 1, high)
    return low


_BOUNDS = _Bounds()


def latency_bucket(nanoseconds: int) -> int | None:
    """The bucket of ingest.latency; None for a negative or absurdly long time."""
    if nanoseconds < 0 or nanoseconds >= _BOUNDS[-1]:
        return None
    return max(BUCKET_MIN, BUCKET_MIN - 1 + bisect_right(_BOUNDS, nanoseconds))


class Escaped(dict):
    """Texts as COPY wants them; most come again and again."""

    def __missing__(self, text: str) -> str:
        made = text
        if not text.isprintable() or "\\" in text:
            made = text.replace("\x00", "").replace("\\", "\\\\").replace("\t", "\\t")
            made = made.replace("\n", "\\n").replace("\r", "\\r")
            made = made.encode(errors="replace").decode()
        if len(self) > _MEMO_MAX:
            self.clear()
        self[text] = made
        return made


class Seconds(dict):
    """A second since 1970 as text; spans of one request share a few."""

    def __missing__(self, second: int) -> str:
        if len(self) > _MEMO_MAX:
            self.clear()
        made = self[second] = f"{_EPOCH + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"
        return made


ESCAPED, SECONDS = Escaped(), Seconds()


def instant(nanoseconds: int) -> str:
    """Nanoseconds since 1970 as a timestamp, cut to microseconds."""
    second, rest = divmod(nanoseconds, _SECOND)
    return f"{SECONDS[second]}.{rest // 1000:06d}+00"


def day_of(nanoseconds: int) -> date:
    return (_EPOCH + timedelta(seconds=nanoseconds // _SECOND)).date()


def call_row(ids: tuple[str, ...], texts: dict[str, str], quantities: dict[str, object]) -> str:
    """One line of COPY text, without its end."""
    escaped = ESCAPED
    cells = [escaped[texts[name]] if name in texts else "" for name in TEXTS]
    numbers = [str(quantities[name]) if name in quantities else NULL for name in QUANTITIES]
    return "\t".join((*ids, *cells, *numbers))
