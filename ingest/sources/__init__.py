"""The readers, in the order in which they are asked. A file must be claimed by exactly one."""

from ingest.sources import aws_cur, azure_cost, dcgm, focus, gcp_billing, nvidia_smi, slurm
from ingest.sources.base import Reader
from ingest.sources.canonical import CANONICAL_READERS

SOURCES: tuple[Reader, ...] = (
    focus.READER,
    aws_cur.READER,
    azure_cost.READER,
    gcp_billing.READER,
    dcgm.READER,
    nvidia_smi.READER,
    slurm.READER,
    *CANONICAL_READERS,
)
