"""Bedrock's model invocation logs from S3, without prompts and completions
(docs/sources/aws_bedrock_logs.md).

Objects come by the hour below AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
import gzip
import hashlib
import io
import json
from pathlib import Path
import re
import zlib

from aicost.kernel.periods import utc_today
from ingest.fetch.base import DATE, Check, Connector, Fetched, FetchError, Field
from ingest.fetch.landing import landing
from ingest.fetch.s3 import FIELDS, Store, Stored, listing, objects, open_store, read
from ingest.sources.bedrock_logs import slim

LOOK_BACK = timedelta(days=2)  # objects of an hour may arrive after those of the next
FIRST_DAYS = 31
_LOGS = re.compile(r"(?:.*/)?BedrockModelInvocationLogs/([^/]+)/\Z")
_HOUR = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/(\d\d)/([^/]+)\Z")
_DEPTH_MAX = 8
_LISTINGS_MAX = 5_000
UNPACKED_BYTES_MAX = 512 * 1024**2


def test(config: Mapping) -> Iterator[Check]:
    store = open_store(config)
    regions = log_folders(store)
    yield Check(True, f"Logs of {len(regions)} accounts and regions: {', '.join(regions)}")
    first = next((one for folder in regions for one in _logs(store, folder, "")), None)
    if first is None:
        cure = "Call a model; the first log comes within a few minutes"
        yield Check(False, "No log lies there yet", cure)
        return
    _rows(store, first)
    yield Check(True, f"{first.name} can be read")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """The logs that are new, a set for each day; the oldest first."""
    store = open_store(config)
    seen: dict[str, list[str]] = dict(state.get("seen", {}))
    since = _first_day(config, state)
    for logs in log_folders(store):
        fresh: dict[date, list[Stored]] = {}
        for one in _logs(store, logs, f"{logs}{since:%Y/%m/%d}"):
            day = day_of(one.key)
            if day and one.key not in set(seen.get(str(day), ())):
                fresh.setdefault(day, []).append(one)
        for day in sorted(fresh):
            path, rows = _land(store, fresh[day], folder, day)
            keys = [one.key for one in fresh[day]]
            until = max(str(day), state.get("until", ""), *seen)
            then = _recent({**seen, str(day): [*seen.get(str(day), ()), *keys]}, until)
            yield Fetched(
                paths=(path,),
                name=f"{day} {logs}",
                state={**state, "seen": then, "until": until},
                facts={"objects": len(keys), "calls": rows},
            )
            if not path.exists():
                seen = then


def log_folders(store: Store) -> list[str]:
    """The folder of each account and region. Raises `FetchError` when there is none."""
    found, queue, listings = [], [(store.prefix, 0)], 0
    while queue:
        folder, depth = queue.pop(0)
        listings += 1
        if listings > _LISTINGS_MAX:
            cure = "Name the folder above AWSLogs"
            raise FetchError(f"more than {_LISTINGS_MAX} folders below {store.prefix!r}", cure)
        if _LOGS.match(folder):
            found.append(folder)
        elif depth < _DEPTH_MAX:
            queue += [(one, depth + 1) for one in listing(store, folder)[0]]
    if not found:
        raise FetchError(
            f"no Bedrock logs lie below s3://{store.bucket}/{store.prefix}",
            "Switch on model invocation logging to S3 (Bedrock → Settings), and name its folder",
        )
    return found


def day_of(key: str) -> date | None:
    found = _HOUR.search(key)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None


def _first_day(config: Mapping, state: Mapping) -> date:
    if state.get("until"):
        return date.fromisoformat(state["until"]) - LOOK_BACK
    if config.get("since"):
        return date.fromisoformat(str(config["since"]))
    return utc_today() - timedelta(days=FIRST_DAYS)


def _recent(seen: Mapping[str, list[str]], until: str) -> dict[str, list[str]]:
    """Without the days that are listed no more."""
    first = str(date.fromisoformat(until) - LOOK_BACK)
    return {day: keys for day, keys in seen.items() if day >= first}


def _logs(store: Store, folder: str, after: str) -> Iterator[Stored]:
    """The logs of a folder; bodies that were too long for one lie in data/ and are passed by."""
    for one in objects(store, folder, after):
        if _HOUR.search(one.key) and one.name.endswith((".json.gz", ".json")):
            yield one


def _land(store: Store, found: list[Stored], folder: Path, day: date) -> tuple[Path, int]:
    """Write the rows of a day's new logs, without their texts, as one file."""
    digest = hashlib.sha256("\n".join(one.key for one in found).encode()).hexdigest()[:12]
    path, rows = folder / f"bedrock_{day}_{digest}.jsonl.gz", 0
    with (
        landing(path) as part,
        part.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out,
    ):
        for one in found:
            for row in _rows(store, one):
                out.write(json.dumps(row).encode() + b"\n")
                rows += 1
    return path, rows


def _unpacked(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
        text = packed.read(UNPACKED_BYTES_MAX + 1)
    if len(text) > UNPACKED_BYTES_MAX:
        raise ValueError(f"unpacks to more than {UNPACKED_BYTES_MAX} bytes")
    return text


def _rows(store: Store, found: Stored) -> list[dict]:
    body, _ = read(store, found.key)
    try:
        text = _unpacked(body) if body[:2] == b"\x1f\x8b" else body
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [slim(row) for row in rows]
    except (ValueError, AttributeError, OSError, EOFError, RecursionError, zlib.error) as error:
        told = type(error).__name__  # its message may quote a prompt
        raise FetchError(
            f"s3://{store.bucket}/{found.key} is no log of Bedrock ({told})",
            "Move the object away, or look at what writes there",
        ) from None


CONNECTOR = Connector(
    name="aws_bedrock_logs",
    title="Bedrock invocation logs (S3)",
    summary="Every call of a model on Bedrock: tokens, caller, metadata. No prompts are kept",
    kind="usage",
    fields=(
        *FIELDS,
        Field(
            "since", "Not before", kind=DATE, required=False,
            help=f"The first day to load; empty: the last {FIRST_DAYS} days",
        ),
    ),
    test=test,
    fetch=fetch,
    every_minutes=15,
)  # fmt: skip
