"""The connectors, by name: an explicit list."""

from ingest.fetch import (
    anthropic,
    aws_bedrock_logs,
    aws_s3,
    aws_s3_inventory,
    azure_blob,
    bigquery,
    csv_url,
    ecb_rates,
    folder,
    git_webhook,
    litellm,
    mlflow,
    on_prem,
    openai,
    prometheus,
)
from ingest.fetch.base import Connector

CONNECTORS: tuple[Connector, ...] = (
    aws_s3.CONNECTOR,
    aws_bedrock_logs.CONNECTOR,
    aws_s3_inventory.CONNECTOR,
    azure_blob.CONNECTOR,
    bigquery.CONNECTOR,
    folder.CONNECTOR,
    ecb_rates.CONNECTOR,
    on_prem.CONNECTOR,
    openai.CONNECTOR,
    prometheus.CONNECTOR,
    anthropic.CONNECTOR,
    litellm.DATABASE,
    litellm.API,
    mlflow.CONNECTOR,
    git_webhook.CONNECTOR,
    csv_url.CONNECTOR,
)


def connector_of(name: str) -> Connector:
    """Raises `ValueError` naming the known ones."""
    for connector in CONNECTORS:
        if connector.name == name:
            return connector
    known = ", ".join(connector.name for connector in CONNECTORS)
    raise ValueError(f"no connector {name!r}; there are: {known}")
