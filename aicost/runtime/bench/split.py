"""The exact split of 100,000 charges into 8 parts, beside a plain join that only multiplies."""

import time

from django.db import connection, transaction

from aicost.kernel.sqlfiles import sql
from aicost.runtime.bench.registry import Measured

NAME = "split"
SIZE = 100_000


def run(size: int) -> list[Measured]:
    """Both read the same temporary tables; the median of three rounds each."""
    plain, exact = [], []
    with transaction.atomic():
        _execute("set local work_mem = '128MB'")
        _execute("set local jit = off")
        _execute(sql("aicost.runtime.bench", "split_charges"), {"size": size})
        _execute(sql("attribution.sql", "day_parts"))
        _execute(sql("aicost.runtime.bench", "split_parts"), {"size": size})
        _execute("analyze w_charge, w_part")
        _execute(sql("attribution.sql", "day_stage1_targets"))
        for _ in range(3):
            plain.append(_execute(sql("aicost.runtime.bench", "split_plain")))
            exact.append(_execute(sql("attribution.sql", "day_stage1")))
            _execute("drop table w_plain, w_stage1")
        transaction.set_rollback(True)
    return [Measured(NAME, size, sorted(exact)[1], sorted(plain)[1])]


def _execute(query: str, binds: dict | None = None) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(query, binds)
    return time.perf_counter() - began
