"""Job handlers of the schema for BI tools: shells around its functions."""

from aicost.bi.refresh import refresh as refresh_months


def refresh(job) -> dict:
    """Work out the months that changed; with key `lately`, those one can tell quickly."""
    return {"months": refresh_months(lately=job.key == "lately")}


# A transaction a month; made again, an unchanged month stays as it is.
refresh.own_transactions = True
