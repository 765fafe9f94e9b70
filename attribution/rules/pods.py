"""Machines without GPUs by what their pods requested or used of CPU and memory.

CPU and memory are worth 9 : 1 per vCPU and GB (option `cpu_memory`); a pod holds the larger of
requested and used. Source: AWS split cost allocation data, whose ratio this is. Unlike there, what
nobody requested is idle, unless the option `unused` shares it.
"""

from attribution.rules.base import CPU_MEMORY, UNUSED, Method

METHOD = Method(
    "pods",
    "CPU and memory by pods",
    ("no_gpus", "pod_machines", "pod_hours", "workloads", "pods"),
    options=(CPU_MEMORY, UNUSED),
)
