"""Job handlers: shells around aicost.files.export."""

from aicost.files.export import export as export_to
from aicost.files.models import Destination, FilesRun
from aicost.jobs.queue import enqueue


class NotWritten(RuntimeError):
    """A run failed: it is tried again, later each time."""


def due(job) -> dict:
    """Enqueue every destination that is not paused."""
    found = list(Destination.objects.filter(enabled=True).order_by("pk"))
    for one in found:
        enqueue_run(one)
    return {"destinations": [one.name for one in found]}


def enqueue_run(destination: Destination) -> None:
    enqueue("files.export", {"destination": destination.pk}, key=f"files-{destination.pk}")


def export(job) -> dict:
    """Write what changed for one destination; of one that was removed nothing is left to do."""
    destination = Destination.objects.filter(pk=job.payload["destination"]).first()
    if destination is None:
        return {"destination": None}
    run = export_to(destination)
    if run.state == FilesRun.FAILED:
        raise NotWritten(f"{destination.name}: {run.message}")
    return {"run": run.pk, "days": run.days_written, "waiting": run.days_waiting}


# Each batch of days is committed by a manifest at the destination; made again, it writes nothing.
export.own_transactions = True
