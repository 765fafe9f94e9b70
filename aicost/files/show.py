"""Destinations with their last run, for the page and the command."""

from aicost.files.destinations import address_of
from aicost.files.models import Destination, FilesRun


def rows() -> list[dict]:
    """One a destination, by name; what no run has told yet is None."""
    newest = {
        one.destination_id: one
        for one in FilesRun.objects.order_by("destination_id", "-pk").distinct("destination_id")
    }
    found = Destination.objects.order_by("name")
    return [_row(destination, newest.get(destination.pk)) for destination in found]


def _row(destination: Destination, run: FilesRun | None) -> dict:
    return {
        "id": destination.pk,
        "enabled": destination.enabled,
        "name": destination.name,
        "address": address_of(destination),
        "datasets": ", ".join(destination.datasets),
        "first_day": destination.first_day,
        "state": _state(destination, run),
        "started_at": run.started_at if run else None,
        "days_written": run.days_written if run else None,
        "days_waiting": run.days_waiting if run else None,
        "rows": run.rows if run else None,
        "message": ". ".join(filter(None, (run.message, run.cure))) if run else "",
    }


def _state(destination: Destination, run: FilesRun | None) -> str:
    if not destination.enabled:
        return "paused"
    return run.state if run else "not run yet"
