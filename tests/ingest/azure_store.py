"""A stand-in for Azure Blob Storage at the wire: it lists in pages, serves ranges, and refuses
whoever shows neither a shared key nor a signature."""

from contextlib import contextmanager
from email.utils import format_datetime
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.served import serving

ACCOUNT, CONTAINER, KEY = "acct", "costs", "c2VjcmV0LWtleQ=="
PAGE = 3


class AzureStore:
    """`blobs` maps a name to (bytes, time). `asked` keeps each request; `cut` breaks off reading
    that blob once, after so many bytes."""

    def __init__(self) -> None:
        self.blobs: dict[str, tuple[bytes, object]] = {}
        self.asked: list[str] = []
        self.cut: dict[str, int] = {}
        self.url = ""

    def put(self, name: str, content: bytes, modified) -> None:
        self.blobs[name] = (content, modified)


def _etag(content: bytes) -> str:
    return f'"0x{hashlib.md5(content, usedforsecurity=False).hexdigest()[:16].upper()}"'


class _Handler(BaseHTTPRequestHandler):
    store: AzureStore
    protocol_version = "HTTP/1.1"

    def log_message(self, *told):
        """Quiet."""

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        self.store.asked.append(f"{self.command} {self.path} {self.headers.get('x-ms-range', '')}")
        signed = asked.get("sig") == ["good"]
        if not signed and not self.headers.get("Authorization", "").startswith(
            f"SharedKey {ACCOUNT}:"
        ):
            return self.fault(403, "AuthenticationFailed")
        _, account, container, *name = unquote(parts.path).split("/", 3)
        if (account, container) != (ACCOUNT, CONTAINER):
            return self.fault(404, "ContainerNotFound")
        if asked.get("comp") == ["list"]:
            return self.list_blobs(asked)
        if not name:
            return self.send(200, b"", {"ETag": '"0x1"'})
        return self.blob(name[0])

    def list_blobs(self, asked):
        prefix = asked.get("prefix", [""])[0]
        names = sorted(name for name in self.store.blobs if name.startswith(prefix))
        first = int(asked.get("marker", ["0"])[0] or 0)
        more = str(first + PAGE) if first + PAGE < len(names) else ""
        rows = "".join(self.row(name) for name in names[first : first + PAGE])
        body = (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults'
            f' ContainerName="{CONTAINER}"><Blobs>{rows}</Blobs><NextMarker>{more}</NextMarker>'
            "</EnumerationResults>"
        )
        self.send(200, body.encode(), {"Content-Type": "application/xml"})

    def row(self, name):
        content, modified = self.store.blobs[name]
        return (
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Last-Modified>{format_datetime(modified, usegmt=True)}</Last-Modified>"
            f"<Etag>{_etag(content).strip(chr(34))}</Etag>"
            f"<Content-Length>{len(content)}</Content-Length>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
        )

    def blob(self, name):
        if name not in self.store.blobs:
            return self.fault(404, "BlobNotFound")
        content, modified = self.store.blobs[name]
        told = {
            "ETag": _etag(content),
            "Last-Modified": format_datetime(modified, usegmt=True),
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "application/octet-stream",
        }
        wanted = self.headers.get("x-ms-range") or self.headers.get("Range")
        if self.command == "HEAD" or not wanted:
            return self.send(200, content, told)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        first, last = int(first), min(int(last or len(content)), len(content) - 1)
        if name in self.store.cut and last >= self.store.cut[name]:
            self.store.cut.pop(name)
            return self.fault(403, "AuthorizationFailure")
        told["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return self.send(206, content[first : last + 1], told)

    def fault(self, status, code):
        body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'
        told = {"x-ms-error-code": code, "Content-Type": "application/xml"}
        self.send(status, body.encode(), told)

    def send(self, status, body, told):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def azure_store():
    """A running store."""
    store = AzureStore()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    with serving(server) as url:
        store.url = f"{url}/{ACCOUNT}"
        yield store
