"""The connectors, by name: an explicit list."""

from ingest.fetch import aws_s3
from ingest.fetch.base import Connector

CONNECTORS: tuple[Connector, ...] = (aws_s3.CONNECTOR,)


def connector_of(name: str) -> Connector:
    """Raises `ValueError` naming the known ones."""
    for connector in CONNECTORS:
        if connector.name == name:
            return connector
    known = ", ".join(connector.name for connector in CONNECTORS)
    raise ValueError(f"no connector {name!r}; there are: {known}")
