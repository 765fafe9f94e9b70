"""Rows that a program posts: revenue, outcomes, quality, customers, volumes and runs.

A body is a file like any other: it is checked by the canonical reader, kept, and loaded by `load`,
so that files and posts cannot disagree. A body is taken whole or not at all, and once for each
Idempotency-Key.
"""

from collections.abc import Mapping
import hashlib
import io
import json
import tempfile

from aicost.jobs.queue import enqueue
from ingest.fetch.kept import working_folder
from ingest.load import load
from ingest.models import Delivery
from ingest.once import Answer, NotTaken, check_key, once
from ingest.records import Batch, Rejected
from ingest.sources import canonical
from ingest.sources.base import Unreadable
from ingest.sources.format import Format

# The last part of the address -> the canonical format of its rows.
ADDRESSES: Mapping[str, Format] = {
    "revenue": canonical.REVENUE,
    "outcomes": canonical.OUTCOMES,
    "quality": canonical.QUALITY,
    "customers": canonical.CUSTOMERS,
    "volumes": canonical.USAGE,
    "runs": canonical.RUNS,
}
BODY_BYTES_MAX = 32 * 1024**2
ROWS_MAX = 100_000
ERRORS_MAX = 100
DEPTH_MAX = 20  # of lists and objects in a body; rows are flat but for a few maps


def take(address: str, key: str, batch: str, kind: str, body: bytes, sender: str) -> Answer:
    """Load one body. `key` is its Idempotency-Key, one of `sender`'s own; `batch` names the rows,
    so that a later body of the same batch replaces them, whoever sends it ('' means: the sender's
    key). `kind` is the content type. Raises `NotTaken`; nothing is stored then."""
    if batch:
        check_key(batch, "batch", "a name such as 2026-09")
    sha256 = hashlib.sha256(b"\0".join((batch.encode(), body))).hexdigest()
    name = batch or f"{key} of {sender}"
    whose = f"{address} of {sender}"
    answer = once(whose, key, sha256, lambda: _taken(address, name, kind, body))
    if not answer.again:
        enqueue("attribution.attribute", key="all")
    return answer


def _taken(address: str, batch: str, kind: str, body: bytes) -> Answer:
    try:
        return Answer(201, _load(address, batch, _as_file(kind, body, ADDRESSES[address])))
    except OSError as error:  # nothing of it stands: the key may come again
        told = f"the server cannot keep it now ({error.strerror}): send it again later"
        raise NotTaken(503, told) from error


def _load(address: str, batch: str, content: bytes) -> dict:
    """The rows, once they are all good, as a delivery of the source `api <address>`."""
    rows = _refuse_bad_rows(ADDRESSES[address], content)
    with tempfile.TemporaryDirectory(dir=working_folder()) as folder:
        path = working_folder() / folder / f"{address}-{batch}"
        path.write_bytes(content)
        [result] = load([path], f"api {address}")
    if result.state == Delivery.HELD:
        raise NotTaken(422, result.message)
    return {"rows": rows, "delivery": result.delivery}


def _refuse_bad_rows(described: Format, content: bytes) -> int:
    """How many rows there are. Raises `NotTaken` naming each bad row by its index, from 0."""
    rows, errors = 0, []
    lines = _line_of_row(content)
    try:
        for item in described.records(io.BytesIO(content), "body"):
            if isinstance(item, Batch):
                rows += len(item.lines)
            elif isinstance(item, Rejected):
                errors.append(_error(described, item, lines))
    except Unreadable as refusal:
        raise NotTaken(422, f"{refusal.message}. {refusal.cure}".strip(". ")) from refusal
    if errors:
        told = sorted(errors, key=lambda error: error["index"])
        raise NotTaken(
            422,
            f"{len(errors)} of {rows + len(errors)} rows are bad; none was taken",
            errors=told[:ERRORS_MAX],
        )
    if rows > ROWS_MAX:
        raise NotTaken(413, f"{rows} rows: send at most {ROWS_MAX} at a time, or use a file")
    return rows


def _error(described: Format, bad: Rejected, lines: Mapping[int, int]) -> dict:
    name, colon, reason = bad.reason.partition(": ")
    known = colon and name in {column.name for column in described.columns}
    return {
        "index": lines.get(bad.line, bad.line),
        "field": name if known else "",
        "error": reason if known else bad.reason,
    }


def _line_of_row(content: bytes) -> dict[int, int]:
    """Physical line -> index of the row, for one row a line: JSON, and CSV without breaks."""
    first = 1 if content.lstrip()[:1] == b"{" else 2
    return {first + index: index for index in range(content.count(b"\n") + 1)}


def _as_file(kind: str, body: bytes, described: Format) -> bytes:
    """The body as a canonical file: CSV as it is, a JSON array as JSON lines, a row a line."""
    kind = kind.split(";")[0].strip().lower()
    if kind == "text/csv":
        return body
    if kind != "application/json":
        raise NotTaken(415, "send Content-Type: application/json (an array) or text/csv")
    try:
        rows = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise NotTaken(400, f"the body is no JSON ({error})") from error
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NotTaken(400, "the body is no array of objects")
    if not rows:
        raise NotTaken(422, "there are no rows in the body")
    if _is_deeper(rows, DEPTH_MAX):
        raise NotTaken(400, f"the body nests more than {DEPTH_MAX} levels: send flat rows")
    # Every line names the columns by which the format is known, whatever the row left out.
    known = dict.fromkeys(sorted(described.known_by))
    return "".join(json.dumps({**known, **row}) + "\n" for row in rows).encode()


def _is_deeper(value: list | dict, levels: int) -> bool:
    """Whether lists and objects nest deeper than so many levels; level by level, no recursion."""
    inside: list = [value]
    for _ in range(levels):
        inside = [
            one
            for outer in inside
            for one in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(one, (dict, list))
        ]
    return bool(inside)
