"""Job handlers the tests of the job table run, in this process and in a real worker."""

import time

from django.db import connection

PROBE_SECONDS = 0.05


class Refused(Exception):
    permanent = True


def record(job):
    """One row in the table `probe` for each time the job's effect came to be."""
    with connection.cursor() as cursor:
        cursor.execute("insert into probe values (%s)", [job.payload["n"]])
    time.sleep(PROBE_SECONDS)
    return {"n": job.payload["n"]}


def record_then_fail(job):
    record(job)
    raise RuntimeError("after the row was written")


def refuse(job):
    raise Refused("the file is no bill")


def sleep(job):
    time.sleep(job.payload["seconds"])


KINDS = {
    name: f"tests.runtime.handlers.{name}"
    for name in ("record", "record_then_fail", "refuse", "sleep")
}
