"""A container of Azure Blob Storage. Its client takes a second to import: ingest.fetch.azure_blob
reads this when somebody asks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from adlfs import AzureBlobFileSystem
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from ingest.fetch import exports
from ingest.fetch.base import Check, Fetched, FetchError

_BLOCK_BYTES = 8 * 1024 * 1024
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_ROLE = "Give the identity the role Storage Blob Data Reader on the container"


def test(config: Mapping) -> Iterator[Check]:
    yield from exports.check(open_store(config), config)


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    yield from exports.fetch(open_store(config), config, state, folder)


def open_store(config: Mapping) -> exports.Store:
    """The container of a source's fields. Raises `FetchError`."""
    files = _file_system(config)
    container = str(config["container"]).strip("/")
    directory = str(config.get("directory") or "").strip("/")
    root = "/".join(filter(None, (container, directory)))
    place = f"{config['account']}/{root}"

    def items() -> list[exports.Item]:
        with _words("list", place):
            if not files.exists(container):
                raise ResourceNotFoundError(f"there is no container {container}")
            found = files.find(root, detail=True)
        return [_item(told, root) for told in found.values()]

    def read(item: exports.Item) -> bytes:
        with _words("read", f"{place}/{item.path}"):
            return files.cat_file(f"{root}/{item.path}", start=0, end=min(item.size_bytes, 2**26))

    def download(item: exports.Item, target: Path) -> int:
        with _words("read", f"{place}/{item.path}"):
            return _download(files, f"{root}/{item.path}", item, target)

    return exports.Store(place, items, read, download)


def _file_system(config: Mapping) -> AzureBlobFileSystem:
    account, endpoint = str(config["account"]).strip(), config.get("endpoint")
    endpoint = str(endpoint or f"https://{account}.blob.core.windows.net").rstrip("/")
    more: dict[str, object] = {}
    if config.get("sas"):
        token = str(config["sas"]).lstrip("?")
        more["connection_string"] = f"BlobEndpoint={endpoint};SharedAccessSignature={token}"
    elif config.get("account_key"):
        more["connection_string"] = (
            f"BlobEndpoint={endpoint};AccountName={account};AccountKey={config['account_key']}"
        )
    elif config.get("client_id"):
        lacking = [name for name in ("tenant_id", "client_secret") if not config.get(name)]
        if lacking:
            raise FetchError(f"{lacking[0]} is missing", "A service principal needs all three")
        more |= {name: config[name] for name in ("tenant_id", "client_id", "client_secret")}
    if "connection_string" not in more:
        more |= {"account_host": endpoint.split("://")[-1], "anon": False}
    try:
        return AzureBlobFileSystem(
            account_name=account, skip_instance_cache=True, use_listings_cache=False, **more
        )
    except (ValueError, AzureError) as error:
        told = str(error).split("\n")[0][:200]
        for secret in ("account_key", "sas", "client_secret"):
            if config.get(secret):
                told = told.replace(str(config[secret]), "…")
        raise FetchError(f"cannot connect to {account}: {told}", "Check the credentials") from None


def _item(told: Mapping, root: str) -> exports.Item:
    return exports.Item(
        path=PurePosixPath(told["name"]).relative_to(root),
        size_bytes=told["size"] or 0,
        modified=told.get("last_modified") or _EARLIEST,
        etag=str(told.get("etag", "")).strip('"'),
    )


def _download(files: AzureBlobFileSystem, path: str, item: exports.Item, target: Path) -> int:
    """Bring what is missing of the blob, block by block. The bytes brought."""
    if target.exists():
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    have = part.stat().st_size if part.exists() else 0
    if have > item.size_bytes:
        part.unlink()
        have = 0
    brought = 0
    with part.open("ab") as out:
        while have < item.size_bytes:
            block = files.cat_file(path, start=have, end=min(have + _BLOCK_BYTES, item.size_bytes))
            if not block:
                raise FetchError(f"{path} broke off at byte {have} of {item.size_bytes}")
            out.write(block)
            have += len(block)
            brought += len(block)
    if str(files.info(path, refresh=True).get("etag", "")).strip('"') != item.etag:
        part.unlink()
        raise FetchError(f"{path} changed while it was read", "The next run takes the new one")
    part.rename(target)
    return brought


@contextmanager
def _words(what: str, where: str) -> Iterator[None]:
    """Faults of the store as `FetchError`, in words and without secrets."""
    try:
        yield
    except ClientAuthenticationError as error:
        cure = f"The credentials are not accepted: enter them again. {_ROLE}"
        raise FetchError(f"cannot {what} {where}: {_code(error)}", cure) from error
    except (ResourceNotFoundError, FileNotFoundError) as error:
        cure = "Check account, container and directory"
        raise FetchError(f"{where} is not there", cure) from error
    except HttpResponseError as error:
        cure = _ROLE if error.status_code == 403 else "Try again; if it stays, check the firewall"
        raise FetchError(f"cannot {what} {where}: {_code(error)}", cure) from error
    except (AzureError, OSError) as error:
        cure = "Check the account's name, the network and the storage firewall"
        raise FetchError(f"cannot {what} {where}: {type(error).__name__}", cure) from error


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(
        getattr(code, "value", code) or error.reason or error.status_code or type(error).__name__
    )
