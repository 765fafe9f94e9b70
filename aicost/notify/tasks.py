"""Job handlers of notify: shells around its functions."""

from collections import Counter
from dataclasses import asdict

from aicost.jobs.work import worker_name
from aicost.notify.alerts import route_alerts
from aicost.notify.outbox import drain
from aicost.notify.purge import purge as purge_old
from aicost.notify.schedules import send_due
from aicost.notify.webhooks.health import switch_off_silent
from aicost.notify.webhooks.matching import tell_endpoints


def decide(job) -> dict:
    """Write the sends of digests that fall due, of alerts, and of what happened to endpoints."""
    hooks = {"events": tell_endpoints(), "off": switch_off_silent()}
    return {"digests": asdict(send_due()), "alerts": asdict(route_alerts()), "webhooks": hooks}


def send(job) -> dict:
    """Send what the outbox holds and is due."""
    return dict(Counter(one.state for one in drain(worker_name())))


def purge(job) -> dict:
    """Delete messages settled long ago."""
    return purge_old()


# Each schedule is a transaction of its own and each send stands once; each send is claimed by
# lease and settled by itself. A second run finds nothing to do.
decide.own_transactions = True
send.own_transactions = True
