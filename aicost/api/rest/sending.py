"""What programs send: a file for a source, business rows, events. Each is done once for its
Idempotency-Key."""

from collections.abc import Iterator
import hashlib
import json

from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import UnsupportedMediaType

from aicost.accounts.audit import UPLOAD, record
from aicost.accounts.scope import may_upload
from aicost.accounts.tokens import INGEST
from aicost.api.rest import described as d
from aicost.api.rest.frame import (
    JSON,
    Resource,
    answered,
    document_of,
    kept_as,
    operation,
    sender_of,
)
from aicost.api.rest.given import Param, refuse_odd_text
from aicost.api.rest.problems import Refused
from aicost.jobs.models import Job
from ingest.annotations import BadEvent, keep_rows
from ingest.inbox import UPLOAD_BYTES_MAX, receive_upload
from ingest.once import Answer, NotTaken, once
from ingest.posted import BODY_BYTES_MAX, take

LOAD = "ingest.load"
CHUNK_BYTES, NAME_CHARS_MAX = 1 << 20, 200
EVENT_BYTES_MAX = 25 * 1024**2
OCTETS = "application/octet-stream"
CSV = "text/csv"
ROWS = {JSON: {"type": "array", "items": {"type": "object"}}, CSV: {"type": "string"}}
TAKEN = d.thing(rows=d.WHOLE, delivery=d.maybe(d.WHOLE))


class Sending(Resource):
    """A POST of data: the scope `ingest`, and no other right unless a method asks for it."""

    scopes = {"POST": INGEST}


def post_rows(address: str) -> type[Sending]:
    """The resource that takes rows of one kind."""

    class Rows(Sending):
        @operation(
            f"Send {address}",
            params=(Param("batch", "Names the rows: a later body of the batch replaces them."),),
            body=ROWS,
            answers={201: TAKEN},
            key=d.KEY_NEEDED,
            operation_id=f"send_{address}",
            tags=["sending"],
            says="Rows as docs/formats.md has them, JSON or CSV with a header, all or none "
            "(docs/sources/business_api.md). At most 100,000 rows and 32 MiB.",
        )
        def post(self, request) -> HttpResponse:
            raw = request._request
            key = raw.headers.get("Idempotency-Key", "")
            body = read_body(raw, BODY_BYTES_MAX)
            kind = raw.headers.get("Content-Type", "")
            batch, sender = self.given["batch"] or "", sender_of(self)
            return answered(take(address, key, batch, kind, body, sender))

    return Rows


class Events(Sending):
    @operation(
        "Send events: deployments, releases, notes",
        body={JSON: {"oneOf": [{"type": "object"}, ROWS[JSON]]}},
        answers={201: d.thing(events=d.WHOLE)},
        key=d.KEY,
        operation_id="send_events",
        tags=["sending"],
        says="One event or an array of them, all or none (docs/sources/git_webhook.md). An `id` "
        "names an event; without one, the Idempotency-Key and its place do.",
    )
    def post(self, request) -> HttpResponse:
        raw = request._request
        key, body = raw.headers.get("Idempotency-Key", ""), read_body(raw, EVENT_BYTES_MAX)
        if not key:
            return answered(_events(body, key))
        sender, sha256 = sender_of(self), hashlib.sha256(body).hexdigest()
        name = f"{key} of {sender}"
        return answered(once(f"events of {sender}", key, sha256, lambda: _events(body, name)))


def _events(body: bytes, key: str) -> Answer:
    """Raises NotTaken."""
    try:
        rows = json.loads(body)
        refuse_odd_text(rows)
        return Answer(201, {"events": keep_rows(rows, key)})
    except (BadEvent, ValueError, RecursionError) as error:
        raise NotTaken(422, str(error)[:1000]) from error


class Uploads(Sending):
    @operation(
        "Send a file",
        params=(
            Param("name", "The file's name, by which its format may be known.", required=True,
                  example="calls.csv"),
            Param("source", "The name of its source; else the format's own."),
        ),
        body={OCTETS: {"type": "string", "format": "binary"}},
        answers={202: d.of("Upload")},
        key=d.KEY,
        operation_id="send_file",
        tags=["sending"],
        says="The body is the file. A worker loads it: `GET /api/v1/uploads/{upload_id}` says how "
        f"it went. At most {UPLOAD_BYTES_MAX >> 30} GiB; for the roles that may upload.",
    )  # fmt: skip
    def post(self, request) -> HttpResponse:
        self.allow(may_upload, "uploading")
        raw, name, source = request._request, self.given["name"], self.given["source"]
        if raw.content_type.startswith("multipart/"):
            raise UnsupportedMediaType(raw.content_type)
        for text in (name, source or ""):
            if len(text) > NAME_CHARS_MAX or not (text or "x").isprintable():
                raise Refused(400, "name or source is too long, or no name", "Give a short name")
        digest = hashlib.sha256()
        job = receive_upload(name, _chunks(raw, digest), source or None)
        key = raw.headers.get("Idempotency-Key", "")
        detail = {"source": source, "job": job.pk}
        answer = kept_as(202, upload_of(job))
        if key:
            address = f"POST {raw.get_full_path()} of {sender_of(self)}"
            answer = _first(address, key, digest.hexdigest(), job, answer)
        if not answer.again:
            record(self.user_asks, UPLOAD, name, detail)
        return answered(answer)


def _first(address: str, key: str, sha256: str, job: Job, answer: Answer) -> Answer:
    """The answer to the first body under the key; the job of another body, or of the same once
    more, is taken back. Raises NotTaken."""
    try:
        found = once(address, key, sha256, lambda: answer)
    except NotTaken:
        Job.objects.filter(pk=job.pk, state=Job.NEW).delete()
        raise
    if found.again:
        Job.objects.filter(pk=job.pk, state=Job.NEW).delete()
    return found


class OneUpload(Resource):
    scopes = {"GET": INGEST, "HEAD": INGEST}

    @operation(
        "How the load of a file went",
        answers={200: d.of("Upload")},
        operation_id="read_upload",
        tags=["sending"],
    )
    def get(self, request, upload_id: int) -> HttpResponse:
        self.allow(may_upload, "uploading")
        job = Job.objects.filter(pk=upload_id, kind=LOAD).first()
        if job is None:
            raise Http404
        return document_of(upload_of(job))


def upload_of(job: Job) -> dict:
    return {
        "upload_id": job.pk,
        "state": job.state,
        "progress": job.progress,
        "error": job.error,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "results": (job.result or {}).get("results", []),
    }


def _chunks(request: HttpRequest, digest) -> Iterator[bytes]:
    while chunk := request.read(CHUNK_BYTES):
        digest.update(chunk)
        yield chunk


def read_body(request: HttpRequest, bytes_max: int) -> bytes:
    """The body. Raises `NotTaken` with 413 beyond the limit, before it is all read."""
    body = request.read(bytes_max + 1)
    if len(body) > bytes_max:
        raise NotTaken(413, f"the body is larger than {bytes_max} bytes: send it in parts")
    return body
