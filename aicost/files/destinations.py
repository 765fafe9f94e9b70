"""Configure where files go: check the values, keep the secrets apart, test, forget.

Values are those of sources (ingest.connect): a value `env:NAME` is read when it is used.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
import threading
import uuid

from django.db import transaction

from aicost.files.datasets import dataset_of
from aicost.files.models import Destination
from aicost.files.stores import Kind, Store, kind_of
from ingest.connect import (
    NAME_CHARS_MAX,
    TEST_SECONDS,
    BadSettings,
    cleaned,
    is_storable,
    resolved,
)
from ingest.fetch.base import SECRET, Check, FetchError
from ingest.fetch.hide import hider
from ingest.sealed import CannotUnseal, seal, unseal

S3_ADDRESS = "s3://"


def address_values(address: str) -> tuple[str, dict[str, str]]:
    """(kind, settings) of an address as people write it: a folder, or s3://bucket/prefix."""
    if address.startswith(S3_ADDRESS):
        bucket, _, prefix = address.removeprefix(S3_ADDRESS).partition("/")
        return "s3", {"bucket": bucket, "prefix": prefix}
    return "folder", {"path": address}


def add(
    name: str,
    address: str,
    values: Mapping[str, object],
    datasets: Iterable[str],
    first_day: date | None = None,
) -> Destination:
    """A new destination; nothing is written yet. Raises `BadSettings`."""
    kind_name, told = address_values(address.strip())
    kind = kind_of(kind_name)
    plain, secret, errors = _cleaned(kind, {**values, **told})
    if not name.strip():
        errors["name"] = "give the destination a name"
    elif len(name) > NAME_CHARS_MAX or not is_storable(name):
        errors["name"] = f"at most {NAME_CHARS_MAX} characters, and none that cannot be printed"
    elif Destination.objects.filter(name=name).exists():
        errors["name"] = "another destination has this name"
    wanted = list(dict.fromkeys(datasets))
    for one in wanted:
        try:
            dataset_of(one)
        except ValueError as error:
            errors["datasets"] = str(error)
    if not wanted:
        errors["datasets"] = "choose at least one dataset"
    if errors:
        raise BadSettings(errors)
    made = Destination(name=name, kind=kind.name, settings=plain, sealed=seal(secret),
                       datasets=wanted, first_day=first_day)  # fmt: skip
    try:
        opened(made)
    except FetchError as error:
        raise BadSettings({"address": str(error)}) from error
    with transaction.atomic():
        made.save()
    return made


def _cleaned(kind: Kind, values: Mapping[str, object]) -> tuple[dict, dict, dict]:
    """Checked values: those that may be shown, the secrets, and what is wrong by name."""
    plain, secret, errors = {}, {}, {}
    for field in kind.fields:
        given = values.get(field.name, "")
        try:
            value = cleaned(field, field.default if given in ("", None) else given)
        except ValueError as error:
            errors["address" if field.name in ("path", "bucket") else field.name] = str(error)
            continue
        (secret if field.kind == SECRET else plain)[field.name] = value
    unknown = set(values) - {field.name for field in kind.fields}
    errors |= dict.fromkeys(unknown, f"no setting of {kind.title.lower()}")
    return plain, {name: value for name, value in secret.items() if value}, errors


def config_of(destination: Destination) -> dict[str, object]:
    """All values by name, secrets and environment resolved. Raises `FetchError`."""
    try:
        given = {**destination.settings, **unseal(destination.sealed)}
    except CannotUnseal as error:
        raise FetchError(str(error)) from error
    fields = kind_of(destination.kind).fields
    return {field.name: resolved(field, given.get(field.name)) for field in fields}


def opened(destination: Destination) -> Store:
    """Raises `FetchError`."""
    return kind_of(destination.kind).open(config_of(destination))


def hide_in(destination: Destination) -> Callable:
    """Takes the destination's secrets out of a text."""
    try:
        return hider(kind_of(destination.kind), config_of(destination))
    except FetchError:  # none could be read, so none can be told
        return lambda text: text


def address_of(destination: Destination) -> str:
    told = destination.settings
    if destination.kind == "folder":
        return str(told.get("path", ""))
    return f"{S3_ADDRESS}{told.get('bucket', '')}/{told.get('prefix', '')}".rstrip("/")


def check(destination: Destination) -> Check:
    """Whether we may write, read, list and remove there: a file of no importance is. Somebody waits
    for it, so it ends after TEST_SECONDS whatever the other side does."""
    found: list[Check] = []
    thread = threading.Thread(target=lambda: found.append(_tried(destination)), daemon=True)
    thread.start()
    thread.join(TEST_SECONDS)
    cure = "Check the address, and whether a firewall or proxy stands between"
    return found[0] if found else Check(False, f"no answer within {TEST_SECONDS} seconds", cure)


def _tried(destination: Destination) -> Check:
    name = f".aicost-{uuid.uuid4().hex}"
    try:
        store = opened(destination)
        store.write(f"{name}/try", b"try")
        if store.read(f"{name}/try") != b"try" or not list(store.names(name)):
            return Check(False, "what was written is not what is read", "Ask who runs the store")
        store.remove([f"{name}/try"])
    except FetchError as error:
        hide = hide_in(destination)
        return Check(False, hide(error.message), error.cure)
    return Check(True, f"{address_of(destination)} can be written, read and cleared")
