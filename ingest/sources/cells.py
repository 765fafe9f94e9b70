"""What one cell of a canonical file means. Each parser takes stripped, non-empty text and returns
the value, or raises ValueError with a reason that quarantine can show."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
import json
import re

from aicost.kernel.money import NotMoney, parse_decimal, to_ledger
from aicost.kernel.periods import as_utc, utc_now, utc_today
from aicost.kernel.targets import ACTIVITIES, DIMENSIONS
from ingest.latency import BUCKET_MAX, BUCKET_MIN, bucket_of

TEXT_CHARS_MAX = 500  # longer values break indexes and are no names
COUNT_MAX = 10**15
CLOCK_SKEW = timedelta(minutes=10)
EARLIEST = date(2000, 1, 1)
_COUNT = re.compile(r"(\d{1,16})(\.0+)?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")

_ACTIVITIES_BY_WORD = {
    **{activity: activity for activity in ACTIVITIES},
    "batch_inference": "inference",
    "serving": "inference",
    "fine_tuning": "training",
    "finetuning": "training",
    "retraining": "training",
    "evaluation": "experimentation",
    "experiment": "experimentation",
    "research": "experimentation",
    "notebook": "experimentation",
}


def text(raw: str) -> str:
    if len(raw) > TEXT_CHARS_MAX:
        raise ValueError(f"{raw[:40]!r}… is longer than {TEXT_CHARS_MAX} characters")
    if "\x00" in raw or not raw.isascii() and any("\ud800" <= c <= "\udfff" for c in raw):
        raise ValueError(f"{raw[:40]!r} holds a character Postgres cannot keep")
    return raw


def count(raw: str) -> int:
    found = _COUNT.match(raw)
    if not found or int(found[1]) > COUNT_MAX:
        raise ValueError(f"{raw[:40]!r} is no whole number from 0 to 10^15")
    return int(found[1])


def amount(raw: str) -> Decimal:
    try:
        return to_ledger(parse_decimal(raw))
    except NotMoney as error:
        raise ValueError(str(error)) from error


def not_negative(raw: str) -> Decimal:
    value = amount(raw)
    if value < 0:
        raise ValueError(f"{raw[:40]!r} is negative")
    return value


def milliseconds(raw: str) -> int:
    """Seconds, decimal, as whole milliseconds."""
    value = int((not_negative(raw) * 1000).to_integral_value(ROUND_HALF_EVEN))
    if value > COUNT_MAX:
        raise ValueError(f"{raw[:40]!r} seconds are more than any row can hold")
    return value


def mebibytes(raw: str) -> int:
    value = int(not_negative(raw).to_integral_value(ROUND_HALF_EVEN))
    if value > 10**8:
        raise ValueError(f"{raw[:40]!r} MiB is more than any card has")
    return value


def gpu_fraction(raw: str) -> Decimal:
    value = not_negative(raw)
    if value > 8:
        raise ValueError(f"{raw[:40]!r} is no share of 0 to 8 GPUs")
    return value.quantize(Decimal("0.000001"))


def time(raw: str) -> datetime:
    """ISO 8601 as UTC; without a zone it is taken as UTC."""
    try:
        moment = as_utc(datetime.fromisoformat(raw))
    except (ValueError, OverflowError):
        raise ValueError(f"{raw[:40]!r} is no ISO 8601 time") from None
    if moment.date() < EARLIEST:
        raise ValueError(f"{raw[:40]!r} is before 2000")
    if moment > utc_now() + CLOCK_SKEW:
        raise ValueError(f"{raw[:40]!r} is in the future")
    return moment


def calendar_day(raw: str) -> date:
    """A date that a map is valid from or to: any, also a future one."""
    if not _DAY.match(raw) or raw[10:].strip("T 0:.Z+"):
        raise ValueError(f"{raw[:40]!r} is no date YYYY-MM-DD")
    try:
        return date.fromisoformat(raw[:10])
    except ValueError:
        raise ValueError(f"{raw[:40]!r} is no date YYYY-MM-DD") from None


def day(raw: str) -> date:
    """A day something happened on; tomorrow is allowed, since it has begun further east."""
    value = calendar_day(raw)
    if value < EARLIEST:
        raise ValueError(f"{raw[:40]!r} is before 2000")
    if value > utc_today() + timedelta(days=1):
        raise ValueError(f"{raw[:40]!r} is in the future")
    return value


def activity(raw: str) -> str:
    word = raw.lower().replace("-", "_").replace(" ", "_")
    if word not in _ACTIVITIES_BY_WORD:
        raise ValueError(f"workload_type {raw[:40]!r} is none of {', '.join(ACTIVITIES)}")
    return _ACTIVITIES_BY_WORD[word]


def currency(raw: str) -> str:
    if not _CURRENCY.match(raw):
        raise ValueError(f"{raw[:40]!r} is no currency code")
    return raw.upper()


def latency_bucket(raw: str) -> int:
    return bucket_of(not_negative(raw))


def histogram(raw: str) -> dict[int, int]:
    """JSON {bucket: requests}, buckets as in ingest.latency."""
    try:
        told = {int(bucket): count(str(n)) for bucket, n in json.loads(raw).items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ValueError(f"{raw[:40]!r} is no JSON object of bucket: requests") from None
    if any(not BUCKET_MIN <= bucket <= BUCKET_MAX for bucket in told):
        raise ValueError(f"a bucket of {raw[:40]!r} is not in {BUCKET_MIN} to {BUCKET_MAX}")
    return told


def position(raw: str) -> int:
    if not raw.removeprefix("-").isdecimal() or len(raw) > 9:
        raise ValueError(f"{raw[:40]!r} is no whole number")
    return int(raw)


def score(raw: str) -> Decimal:
    value = amount(raw)
    if abs(value) >= 10**9:
        raise ValueError(f"{raw[:40]!r} is no score below 10^9")
    return round(value, 9)


def dimension(raw: str) -> str:
    if raw not in (*DIMENSIONS, "provider", "customer"):
        raise ValueError(f"{raw[:40]!r} is none of {', '.join(DIMENSIONS)}, provider, customer")
    return raw


def one_of(*words: str) -> Callable[[str], str]:
    """A parser that takes these words only, in any case."""

    def parse(raw: str) -> str:
        word = raw.lower().replace("-", "_")
        if word not in words:
            raise ValueError(f"{raw[:40]!r} is none of {', '.join(words)}")
        return word

    return parse


def names(raw: str) -> tuple[str, ...]:
    """Names separated by spaces or semicolons."""
    return tuple(text(name) for name in raw.replace(";", " ").split())


def texts_by_key(raw: str) -> dict[str, str]:
    """A JSON object of names and values; values are kept as text."""
    try:
        told = json.loads(raw, parse_float=str, parse_int=str, parse_constant=str)
        return {text(key): text(_told(value)) for key, value in told.items() if value is not None}
    except (AttributeError, RecursionError, json.JSONDecodeError):
        raise ValueError(f"{raw[:40]!r} is no JSON object") from None


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
