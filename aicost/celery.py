"""Celery: the bell that wakes a worker. The job table is the record; nothing is lost with it."""

import os

from celery import Celery
from kombu.transport.sqlalchemy import Transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aicost.settings")

# The transport takes it from nowhere else; its default of one second is felt in the browser.
Transport.polling_interval = 0.1

app = Celery("aicost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["aicost.jobs"])
