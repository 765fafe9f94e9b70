"""Google Cloud's billing export in BigQuery (docs/sources/gcp_bigquery.md)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ingest.fetch.base import DATE, NUMBER, SECRET, Check, Connector, Fetched, Field

FIELDS = (
    Field("table", "Table", help="project.dataset.table of the standard, detailed or FOCUS export"),
    Field(
        "credentials",
        "Service account key (JSON)",
        SECRET,
        "Empty: the credentials of the environment (workload identity, GOOGLE_APPLICATION_"
        "CREDENTIALS)",
        required=False,
    ),
    Field(
        "project",
        "Project that runs the queries",
        help="Empty: the key's project, else the table's",
        required=False,
    ),
    Field(
        "location", "Location", help="Of the dataset, for instance US; empty: told", required=False
    ),
    Field("start", "First day of arrival", DATE, "Empty: all the table holds", required=False),
    Field(
        "max_gib",
        "Most GiB one query may read",
        NUMBER,
        "A query that would read more is refused before it costs anything",
        default=100,
    ),
    Field("endpoint", "API address", help="Only for Private Service Connect", required=False),
)


def test(config: Mapping) -> Iterator[Check]:
    from ingest.fetch import bigquery_export

    yield from bigquery_export.test(config)


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    from ingest.fetch import bigquery_export

    yield from bigquery_export.fetch(config, state, folder)


CONNECTOR = Connector(
    name="gcp_bigquery",
    title="Google Cloud billing (BigQuery)",
    summary="Standard, detailed or FOCUS export, summed inside BigQuery",
    kind="bill",
    fields=FIELDS,
    test=test,
    fetch=fetch,
    every_minutes=360,
)
