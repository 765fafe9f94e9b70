"""The product's settings with the handlers of the tests, for a worker in a process of its own."""

from aicost.settings import *  # noqa: F403
from aicost.settings import AICOST_JOBS as PRODUCT_JOBS
from tests.runtime.handlers import KINDS

AICOST_JOBS = PRODUCT_JOBS | KINDS
