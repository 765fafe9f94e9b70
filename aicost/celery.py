"""Celery: the bell that wakes a worker. The job table is the record; nothing is lost with it."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aicost.settings")

app = Celery("aicost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["aicost.jobs"])


@worker_init.connect
def look_often(**told) -> None:
    """The transport takes it from nowhere else; its default of one second is felt in the browser.
    Who only rings does without it: SQLAlchemy takes most of a second to import."""
    from kombu.transport.sqlalchemy import Transport

    Transport.polling_interval = 0.1
