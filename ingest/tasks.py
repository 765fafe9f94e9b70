"""Handlers of the jobs of ingest, and what follows a load."""

from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from aicost.jobs.work import run_all
from ingest.inbox import clear_scratch, load_inbox
from ingest.load import load as load_paths
from ingest.models import Source
from ingest.purge import purge as purge_old
from ingest.run_source import due_sources, end_vanished_runs, run_source

ATTRIBUTE = "attribution.attribute"


class StillHeld(RuntimeError):
    """The database has not noticed yet that the process before this one is dead: try later."""


def load(job: Job) -> dict:
    """Load the job's `paths` as `source`."""
    given = job.payload
    results = load_paths(
        given["paths"],
        given.get("source"),
        replace=given.get("replace", False),
        part_of=given.get("part_of", False),
    )
    enqueue(ATTRIBUTE, key="all")
    return {"results": [result.as_json() for result in results]}


def inbox(job: Job) -> dict:
    """Load what lies in the watched folder, and clear away old scratch files."""
    clear_scratch()
    results = load_inbox()
    if results:
        enqueue(ATTRIBUTE, key="all")
    return {"results": [result.as_json() for result in results]}


def due(job: Job) -> dict:
    """Enqueue the sources whose time has come; say of runs that were killed that they ended."""
    end_vanished_runs()
    sources = due_sources()
    for one in sources:
        enqueue("ingest.source", {"source": one.pk}, key=f"source-{one.pk}")
    return {"sources": [one.name for one in sources]}


def source(job: Job) -> dict:
    """Fetch and load one source. What a killed try held may not be free yet."""
    run = run_source(Source.objects.get(pk=job.payload["source"]))
    if run.pk is None and job.tries > 1:
        raise StillHeld(run.message)
    if run.published:
        enqueue(ATTRIBUTE, key="all")
    return {"run": run.pk, "state": run.state, "message": run.message}


def purge(job: Job) -> dict:
    """Delete what nobody needs any more."""
    return purge_old()


def attribute_changes() -> list[str]:
    """Attribute all days that loading left dirty, here and now; returns what went wrong."""
    enqueue(ATTRIBUTE, key="all")
    problems = []
    for job in run_all([ATTRIBUTE]):
        problems += [job.error] if job.error else []
        problems += (job.result or {}).get("failed", [])
    return problems


# Each set is published in a transaction of its own; read again, the same bytes are `unchanged`.
load.own_transactions = True
inbox.own_transactions = True
source.own_transactions = True
purge.own_transactions = True
