"""Fixtures of the tests that run workers of their own."""

from celery import Celery
from kombu.transport.sqlalchemy import Channel
import pytest

from aicost.jobs import queue


@pytest.fixture
def app_at(monkeypatch):
    """Lets the bell of this process ring at another broker, and again soon if nobody comes."""
    monkeypatch.setattr(queue, "ANNOUNCE_AGAIN_SECONDS", 1)
    yield lambda broker: monkeypatch.setattr(queue, "app", Celery("test", broker=broker))
    for engine, _ in Channel._engines.values():  # else the test database cannot be dropped
        engine.dispose()
