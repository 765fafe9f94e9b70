"""gunicorn's settings (`gunicorn -c python:aicost.runtime.webserver aicost.wsgi:application`).

Its arguments win: https://docs.gunicorn.org/en/stable/configure.html.
"""

import gc
from importlib import import_module
import os

from django.conf import settings

workers = 2
threads = 4
timeout = 120
# A page may wait for days that are weighed side by side, so more than the threads.
raw_env = [f"AICOST_CONNECTIONS={os.environ.get('AICOST_CONNECTIONS', '12')}"]

# Objects made between two looks at the young ones: a page makes some 100,000 and drops nearly all
# by counting references.
_YOUNG, _MIDDLE, _OLD = 50_000, 20, 20


def post_worker_init(worker) -> None:
    """Import all pages before the first is asked for; answer from memory what is asked again."""
    from attribution.reports.remembered import remember_answers  # Django is there only now

    import_module(settings.ROOT_URLCONF)
    remember_answers()
    settle()


def settle() -> None:
    """Leave what lives as long as the process out of every garbage collection: to walk it stopped
    each thread for 0.2 s, now and then."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
