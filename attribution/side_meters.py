"""What a charge beside compute is: transfer of a resource, bytes of a bucket, an endpoint by name.

Rows of network_meters.csv and storage_meters.csv (docs/vocabulary.md), and resource ids.
"""

from functools import cache
import re

from attribution.vocabulary import own, pattern, rows

_NETWORK, _STORAGE = "network_meters.csv", "storage_meters.csv"
_BUCKET = re.compile(r"(?:^|/buckets/|:)([a-z0-9][a-z0-9._-]+)\Z")
_ENDPOINT = re.compile(r"(?:^|[:/])(?:online-?)?endpoints?/([^/]+)", re.I)


def is_network(series: dict) -> bool:
    """Whether the series is of transfer, a gateway, a load balancer or an address."""
    if series["service_category"] == "Networking":
        return True
    return any(
        named in series["provider"].lower() and meter.search(_told(series))
        for named, meter in _network(own(_NETWORK))
    )


def bucket_in(resource_id: str) -> str:
    """The name of a bucket in a resource id, else ''; what is no bucket may look like one."""
    found = _BUCKET.search(resource_id)
    return found[1] if found else ""


def storage_class_of(series: dict) -> str | None:
    """The storage class of a charge for bytes that lie in a bucket: '' where the meter names none,
    None where it is no such charge."""
    if series["charge_category"] != "Usage":
        return None
    for named, meter, storage_class in _storage(own(_STORAGE)):
        if named in series["provider"].lower() and meter.search(_told(series)):
            return storage_class
    return None


def endpoint_of(resource_id: str) -> str:
    """The name of a serving endpoint (SageMaker, Vertex AI, Azure ML) in a resource id, else ''."""
    found = _ENDPOINT.search(resource_id)
    return found[1] if found else ""


def _told(series: dict) -> str:
    return series["sku_meter"] or series["charge_description"]


@cache
def _network(own_text: str) -> tuple[tuple[str, re.Pattern], ...]:
    found = rows(_NETWORK, own_text)
    return tuple((row["provider"].lower(), pattern(row["meter"], _NETWORK)) for row in found)


@cache
def _storage(own_text: str) -> tuple[tuple[str, re.Pattern, str], ...]:
    found = rows(_STORAGE, own_text)
    return tuple(
        (row["provider"].lower(), pattern(row["meter"], _STORAGE), row["storage_class"])
        for row in found
    )
