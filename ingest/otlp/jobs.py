"""The job that folds what OTLP brought."""

import time

from aicost.jobs.models import Job
from aicost.jobs.queue import enqueue
from ingest.models import Source
from ingest.otlp.fold import fold_waiting, forget_old, settle
from ingest.otlp.receive import FOLD, WAKE_SECONDS

ATTRIBUTE = "attribution.attribute"


def fold(job: Job) -> dict:
    """Fold all that waits and settle the days it changed. A request that comes right after a bell
    rings none of its own, so look once more before leaving."""
    done = fold_waiting()
    if done:
        time.sleep(WAKE_SECONDS * 1.25)
        done = fold_waiting()
    waiting = Source.objects.filter(usagetosettle__waits=True).distinct()
    settled = sum(len(settle(source)) for source in waiting)
    forget_old()
    if settled:
        enqueue(ATTRIBUTE, key="all")
    if not done:
        enqueue(FOLD, key="fold")
    return {"done": done, "settled": settled}


fold.own_transactions = True
