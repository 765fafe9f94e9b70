"""Handlers of the jobs ingest.load and ingest.inbox, and what follows a load."""

from aicost.jobs.queue import enqueue
from aicost.jobs.work import run_all

ATTRIBUTE = "attribution.attribute"


def attribute_changes() -> list[str]:
    """Attribute all days that loading left dirty, here and now; returns what went wrong."""
    enqueue(ATTRIBUTE, key="all")
    problems = []
    for job in run_all([ATTRIBUTE]):
        problems += [job.error] if job.error else []
        problems += (job.result or {}).get("failed", [])
    return problems
