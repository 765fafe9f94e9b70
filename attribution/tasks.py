"""Job handlers of attribution: shells around its functions."""

from datetime import date

from aicost.jobs.queue import enqueue
from attribution.alerting.hourly_look import look_at_hours
from attribution.alerting.look import look_if_due
from attribution.allocate import attribute as attribute_days
from attribution.budgeting.remember import remember_lately
from attribution.estimates import estimate as estimate_days


def attribute(job) -> dict:
    """Attribute the dirty days of the job's `from` (included) to `to` (excluded), or all."""
    given = (job.payload.get("from"), job.payload.get("to"))
    start, end = (date.fromisoformat(text) if text else None for text in given)
    results = attribute_days(start, end)
    failed = [f"{one.day}: {one.failure}" for one in results if one.failure]
    if results:
        enqueue("attribution.budgets", key="lately")
    return {"days": len(results) - len(failed), "failed": failed}


# Every day is a transaction of its own, and claimed by lease: a second run finds nothing to do.
attribute.own_transactions = True


def budgets(job) -> dict:
    """What yesterday says of the budgets, made anew."""
    return {"budgets": len(remember_lately())}


def estimate(job) -> dict:
    """Estimate the open days anew, or the job's `from` (included) to `to` (excluded)."""
    given = (job.payload.get("from"), job.payload.get("to"))
    start, end = (date.fromisoformat(text) if text else None for text in given)
    done = estimate_days(start, end)
    return {
        "days": len(done),
        "made": sum(one.made for one in done),
        "superseded": sum(one.superseded + one.finalised for one in done),
    }


# A transaction a day; made again, it says the same.
budgets.own_transactions = True
# A transaction a day; made again, an unchanged day stays as it is.
estimate.own_transactions = True


def alerts(job) -> dict:
    """Look at the ledger, if a night passed or days were published since the last look, and at the
    hours that telemetry tells of."""
    looked = look_if_due()
    hours = look_at_hours()
    told = {"looked": looked is not None, "hours": dict(hours.changes)}
    return told if looked is None else told | {"series": looked.series} | dict(looked.changes)


# Each look is a transaction of its own; made again, it changes nothing.
alerts.own_transactions = True
