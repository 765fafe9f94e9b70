"""The readers, in the order in which they are asked. A file must be claimed by exactly one."""

from ingest.sources import (
    anthropic_costs,
    anthropic_usage,
    aws_cur,
    azure_cost,
    bedrock_logs,
    dcgm,
    ecb_rates,
    focus,
    gcp_billing,
    litellm_logs,
    nvidia_smi,
    on_prem,
    openai_costs,
    openai_usage,
    prometheus_gpu,
    prometheus_maps,
    prometheus_serving,
    s3_inventory,
    slurm,
)
from ingest.sources.base import Reader
from ingest.sources.canonical import CANONICAL_READERS

SOURCES: tuple[Reader, ...] = (
    focus.READER,
    aws_cur.READER,
    azure_cost.READER,
    gcp_billing.READER,
    openai_usage.READER,
    openai_costs.READER,
    anthropic_usage.READER,
    anthropic_costs.READER,
    litellm_logs.READER,
    on_prem.READER,
    bedrock_logs.READER,
    s3_inventory.READER,
    ecb_rates.READER,
    prometheus_maps.READER,
    prometheus_gpu.READER,
    prometheus_serving.READER,
    dcgm.READER,
    nvidia_smi.READER,
    slurm.READER,
    *CANONICAL_READERS,
)
