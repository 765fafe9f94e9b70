"""Cost exports and other files from Azure Blob Storage (docs/sources/azure_blob.md)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ingest.fetch import exports
from ingest.fetch.base import CHOICE, DATE, SECRET, Check, Connector, Fetched, Field


def test(config: Mapping) -> Iterator[Check]:
    from ingest.fetch import azure_store

    yield from azure_store.test(config)


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    from ingest.fetch import azure_store

    yield from azure_store.fetch(config, state, folder)


WHAT = Field(
    "what",
    "What lies there",
    kind=CHOICE,
    default=exports.EXPORTS,
    choices=(
        (exports.EXPORTS, "An export of Azure Cost Management, by billing period"),
        (exports.FILES, "Files: every file that a reader knows, such as a blob inventory"),
    ),
)
SINCE = Field("since", "Not before", kind=DATE, required=False, help="The first month to load")

CONNECTOR = Connector(
    name="azure_blob",
    title="Azure bill (Blob Storage)",
    summary="Cost exports (FOCUS, actual or amortised) as Azure delivers them to a container",
    kind="bill",
    fields=(
        Field("account", "Storage account", help="Its name alone"),
        Field("container", "Container"),
        Field("directory", "Directory", required=False, help="That of one export"),
        WHAT,
        SINCE,
        Field("tenant_id", "Tenant id", required=False, help="Of a service principal"),
        Field("client_id", "Client id", required=False),
        Field("client_secret", "Client secret", kind=SECRET, required=False),
        Field("sas", "SAS token", kind=SECRET, required=False, help="With read and list"),
        Field("account_key", "Account key", kind=SECRET, required=False,
              help="Empty, as all above: the identity of the machine or its environment"),
        Field("endpoint", "Address of the store", required=False,
              help="Only for other clouds and private endpoints"),
    ),
    test=test,
    fetch=fetch,
)  # fmt: skip
