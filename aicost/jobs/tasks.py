"""What Celery calls: a bell, and a tick once a minute."""

from celery import shared_task

from aicost.jobs import queue, work


@shared_task(name=queue.BELL)
def bell() -> None:
    work.drain(work.worker_name())


@shared_task(name="aicost.jobs.tick")
def tick() -> None:
    queue.tick()
