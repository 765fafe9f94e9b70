"""Job handlers of attribution: shells around its functions."""

from datetime import date

from attribution.allocate import attribute as attribute_days


def attribute(job) -> dict:
    """Attribute the dirty days of the job's `from` (included) to `to` (excluded), or all."""
    given = (job.payload.get("from"), job.payload.get("to"))
    start, end = (date.fromisoformat(text) if text else None for text in given)
    results = attribute_days(start, end)
    failed = [f"{one.day}: {one.failure}" for one in results if one.failure]
    return {"days": len(results) - len(failed), "failed": failed}


# Every day is a transaction of its own, and claimed by lease: a second run finds nothing to do.
attribute.own_transactions = True
