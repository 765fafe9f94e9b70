"""S3 and stores that speak its protocol: credentials, listings, downloads that resume, and faults
in words. Knows nothing of what the objects are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
import hashlib
from pathlib import Path
import re

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from ingest.fetch.base import SECRET, FetchError, Field

DOCS = "docs/sources/aws_s3.md has the policy"
READ_BYTES_MAX = 64 * 1024**2
PAGES_MAX = 20_000  # of a thousand objects each
_BLOCK_BYTES = 1 << 16  # what is lost when a connection breaks
_TRIES_MAX = 5
_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_GONE = ("NoSuchKey", "404", "NotFound", "NoSuchBucket")
_DENIED = ("AccessDenied", "403", "Forbidden", "AllAccessDisabled")
_RIGHTS = {
    "ListObjectsV2": "s3:ListBucket", "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject", "DeleteObjects": "s3:DeleteObject",
}  # fmt: skip
_CHANGED = ("PreconditionFailed", "412", "InvalidRange", "416")

FIELDS = (
    Field("bucket", "Bucket", help="Its name alone, without s3://"),
    Field("prefix", "Folder in the bucket", required=False, help="Empty: the whole bucket"),
    Field("region", "Region", required=False, help="Of the bucket, such as eu-central-1"),
    Field(
        "role_arn",
        "Role to assume",
        required=False,
        help="arn:aws:iam::…:role/… in the account of the bucket; the best way in",
    ),
    Field("external_id", "External id", required=False, help="If the role's trust asks for one"),
    Field(
        "access_key_id",
        "Access key id",
        kind=SECRET,
        required=False,
        help="Empty: the credentials of the machine (role, environment, profile)",
    ),
    Field("secret_access_key", "Secret access key", kind=SECRET, required=False),
    Field(
        "endpoint_url",
        "Address of the store",
        required=False,
        help="Only for stores other than AWS, such as MinIO",
    ),
)


class Changed(Exception):
    """The object is no longer the one that was listed: take the whole set again."""


@dataclass(frozen=True)
class Stored:
    """One object as a listing names it."""

    key: str
    etag: str
    size_bytes: int
    modified: datetime

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


@dataclass(frozen=True)
class Store:
    """A bucket one may read. `prefix` ends with a slash or is empty."""

    client: object
    bucket: str
    prefix: str


def open_store(config: Mapping) -> Store:
    """The bucket of a source's fields. Assumes the role if one is given. Raises `FetchError`."""
    bucket = str(config["bucket"]).removeprefix("s3://").split("/")[0]
    prefix = str(config.get("prefix") or "").strip("/")
    told = {
        "aws_access_key_id": config.get("access_key_id") or None,
        "aws_secret_access_key": config.get("secret_access_key") or None,
    }
    if bool(told["aws_access_key_id"]) != bool(told["aws_secret_access_key"]):
        raise FetchError("only one half of the access key is given", "Give both, or neither")
    common = {
        "region_name": config.get("region") or None,
        "endpoint_url": config.get("endpoint_url") or None,
    }
    from boto3.session import Session  # seldom, and a while to import

    try:
        session = Session(**told, region_name=common["region_name"])
        if role := config.get("role_arn"):
            session = _as_role(session, role, config.get("external_id") or "", common)
        client = session.client("s3", config=_settings(common["endpoint_url"]), **common)
    except (BotoCoreError, ValueError) as error:
        raise FetchError(f"cannot connect: {error}", "Check region and address") from error
    return Store(client, bucket, f"{prefix}/" if prefix else "")


def _settings(endpoint_url: str | None):
    from botocore.config import Config

    return Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": _TRIES_MAX},
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _as_role(session, role: str, external_id: str, common: Mapping):
    """A session whose credentials are renewed before they expire: a first load takes hours."""
    from boto3.session import Session
    from botocore.credentials import RefreshableCredentials
    from botocore.session import get_session

    region = common["region_name"] or "us-east-1"
    sts = session.client("sts", region_name=region, endpoint_url=common["endpoint_url"])
    more = {"ExternalId": external_id} if external_id else {}

    def assume() -> dict:
        with words("assume the role", role):
            found = sts.assume_role(RoleArn=role, RoleSessionName="aicost", **more)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].astimezone(UTC).isoformat(),
        }

    inner = get_session()
    inner._credentials = RefreshableCredentials.create_from_metadata(
        metadata=assume(), refresh_using=assume, method="sts-assume-role"
    )
    return Session(botocore_session=inner, region_name=common["region_name"])


def listing(store: Store, folder: str) -> tuple[list[str], list[Stored]]:
    """The folders (with their slash) and objects right below a folder of the bucket."""
    folders, found = [], []
    for page in _pages(store, folder, Delimiter="/"):
        folders += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        found += _stored(page)
    return folders, found


def objects(store: Store, folder: str, after: str = "") -> Iterator[Stored]:
    """All objects below a folder in the order of their keys, those behind `after`."""
    for page in _pages(store, folder, **({"StartAfter": after} if after else {})):
        yield from _stored(page)


def _pages(store: Store, folder: str, **more) -> Iterator[dict]:
    with words("list", f"s3://{store.bucket}/{folder}"):
        pages = store.client.get_paginator("list_objects_v2")
        for number, page in enumerate(pages.paginate(Bucket=store.bucket, Prefix=folder, **more)):
            if number >= PAGES_MAX:
                cure = "Name a folder that holds less"
                raise FetchError(f"s3://{store.bucket}/{folder} lists no end of objects", cure)
            yield page


def _stored(page: Mapping) -> list[Stored]:
    """Without folders, and without keys that would lead out of the folder they are written to."""
    return [
        Stored(one["Key"], one["ETag"].strip('"'), one["Size"], one["LastModified"])
        for one in page.get("Contents", ())
        if not one["Key"].endswith("/") and ".." not in one["Key"].split("/")
    ]


def look(store: Store, key: str) -> Stored:
    """One object by its key, without its bytes. Raises `FetchError`."""
    with words("read", f"s3://{store.bucket}/{key}"):
        told = store.client.head_object(Bucket=store.bucket, Key=key)
    return Stored(key, told["ETag"].strip('"'), told["ContentLength"], told["LastModified"])


def read(store: Store, key: str) -> tuple[bytes, str]:
    """(bytes, ETag) of a small object. Raises `FetchError`."""
    with words("read", f"s3://{store.bucket}/{key}"):
        told = store.client.get_object(Bucket=store.bucket, Key=key)
        body = told["Body"].read(READ_BYTES_MAX + 1)
    if len(body) > READ_BYTES_MAX:
        raise FetchError(f"s3://{store.bucket}/{key} has more than {READ_BYTES_MAX} bytes")
    return body, told["ETag"].strip('"')


def probe(store: Store, key: str) -> None:
    """Read one byte: listing an object and reading it are two permissions. Raises `FetchError`."""
    with words("read", f"s3://{store.bucket}/{key}"):
        store.client.get_object(Bucket=store.bucket, Key=key, Range="bytes=0-0")


def download(store: Store, found: Stored, path: Path) -> int:
    """Bring the very object that was listed to `path`; the number of bytes that went over the wire.

    What was cut stays beside it as `.part` and goes on where it ended, only while the object is the
    same (If-Match). Raises `Changed` when it is not, `FetchError` when it keeps breaking off."""
    if path.exists() and path.stat().st_size == found.size_bytes:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    fetched, last, is_digest = 0, "", False
    for _ in range(_TRIES_MAX):
        have = part.stat().st_size if part.exists() else 0
        if have < found.size_bytes or not part.exists():
            try:
                is_digest = _append(store, found, part, have)
            except (BotoCoreError, OSError) as error:  # cut: what came is kept, and goes on
                last = f"{type(error).__name__}: {error}"
            fetched += max((part.stat().st_size if part.exists() else 0) - have, 0)
        if part.exists() and part.stat().st_size == found.size_bytes:
            if is_digest:
                _verify(found, part)
            part.replace(path)
            return fetched
    have = part.stat().st_size if part.exists() else 0
    if have > found.size_bytes:
        part.unlink()
        raise FetchError(
            f"s3://{store.bucket}/{found.key} sends more than the {found.size_bytes} bytes it has",
            "Run it again; if it stays, the store or a proxy on the way is broken",
        )
    raise FetchError(
        f"s3://{store.bucket}/{found.key} broke off at byte {have} of {found.size_bytes} ({last})",
        "The next run goes on from there",
    )


def _append(store: Store, found: Stored, part: Path, have: int) -> bool:
    """Bring what is still missing. Whether the ETag is the digest of the bytes: it is not of an
    upload in several parts, nor of an object under a key of KMS."""
    more = {"Range": f"bytes={have}-"} if have else {}
    with words("read", f"s3://{store.bucket}/{found.key}", (BotoCoreError, OSError)):
        told = store.client.get_object(
            Bucket=store.bucket, Key=found.key, IfMatch=f'"{found.etag}"', **more
        )
        if have and told["ResponseMetadata"]["HTTPStatusCode"] != 206:
            part.unlink()  # the store does not know ranges: it sends all of it again
        with part.open("ab") as out:
            while block := told["Body"].read(_BLOCK_BYTES):
                out.write(block)
                if out.tell() > found.size_bytes:
                    break
    plain = told.get("ServerSideEncryption", "AES256") == "AES256"
    return plain and "SSECustomerAlgorithm" not in told and bool(_MD5.match(found.etag))


def _verify(found: Stored, part: Path) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with part.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    if digest.hexdigest() != found.etag:
        part.unlink()
        raise FetchError(
            f"{found.key}: the bytes that came are not those the store promised ({found.etag})",
            "Run it again; if it stays, a proxy on the way changes them",
        )


@contextmanager
def words(what: str, where: str, let: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Faults of the store as `FetchError` in words, or `Changed`. Those in `let` pass."""
    try:
        yield
    except ClientError as error:
        raise _told(error, what, where) from error
    except NoCredentialsError as error:
        cure = "Give a role or an access key, or run on a machine that has a role"
        raise FetchError("no AWS credentials were found", cure) from error
    except let:
        raise
    except BotoCoreError as error:
        cure = "Check region, address and network"
        raise FetchError(f"cannot {what} {where}: {error}", cure) from error


def _told(error: ClientError, what: str, where: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = str(error.response.get("Error", {}).get("Message", ""))
    if code in _CHANGED:
        return Changed(where)
    message = f"cannot {what} {where}: {code} {said}".strip()
    if error.operation_name == "AssumeRole":
        cure = (
            "The role's trust policy must allow sts:AssumeRole to our own identity, with the same "
            f"external id; {DOCS}"
        )
    elif code in _DENIED:
        right = _RIGHTS.get(error.operation_name, "s3:GetObject")
        cure = f"Allow {right} (and kms:Decrypt, if the bucket is under a key of your own); {DOCS}"
    elif code == "NoSuchBucket":
        cure = "Check the name of the bucket"
    elif code in ("PermanentRedirect", "301", "AuthorizationHeaderMalformed"):
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        cure = f"The bucket is in region {headers.get('x-amz-bucket-region', '(another one)')}"
    elif code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId"):
        cure = "The access key is not known, or its secret is another: enter both again"
    elif code in ("ExpiredToken", "ExpiredTokenException"):
        cure = "The credentials have expired: renew them"
    elif code in _GONE:
        cure = "It is gone: check the folder, or wait for the next delivery"
    else:
        cure = "Check the address of the store; if it stays, ask who runs it"
    return FetchError(message, cure)
