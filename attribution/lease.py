"""Keep the leases of the days a worker holds, while it works on them."""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
import threading

from django.conf import settings
from django.db import Error, connection

from aicost.kernel.sqlfiles import sql

log = logging.getLogger(__name__)


@contextmanager
def kept_leases(worker: str) -> Iterator[None]:
    """Renew them from a thread with a connection of its own. Of a worker that dies the leases run
    out after settings.AICOST_JOB_LEASE_SECONDS, and others take its days."""
    stopped = threading.Event()
    thread = threading.Thread(target=_renew, args=(worker, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _renew(worker: str, stopped: threading.Event) -> None:
    seconds = settings.AICOST_JOB_LEASE_SECONDS
    binds = {"worker": worker, "lease_seconds": seconds}
    try:
        while not stopped.wait(seconds / 4):
            with connection.cursor() as cursor:
                cursor.execute(sql("attribution.sql", "renew_day"), binds)
    except Error:  # the lease then runs out, and publishing refuses what this worker made
        log.exception("the leases of %s are not renewed", worker)
    finally:
        connection.close()
