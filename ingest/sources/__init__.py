"""The readers, in the order in which they are asked. A file must be claimed by exactly one."""

from ingest.sources import aws_cur, dcgm, focus, nvidia_smi
from ingest.sources.base import Reader
from ingest.sources.canonical import CANONICAL_READERS

SOURCES: tuple[Reader, ...] = (
    focus.READER,
    aws_cur.READER,
    dcgm.READER,
    nvidia_smi.READER,
    *CANONICAL_READERS,
)
