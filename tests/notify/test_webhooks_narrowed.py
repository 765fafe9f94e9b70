"""A webhook that is not to hear of something any more does not, whatever waits for it."""

from datetime import timedelta

import pytest

from aicost.notify.models import Send
from aicost.notify.outbox import drain
from aicost.notify.webhooks.endpoints import Wanted, change
from aicost.notify.webhooks.matching import tell_endpoints
from aicost.notify.webhooks.replay import BadReplay, replay_one, replay_span
from tests.notify.hooks import listen
from tests.notify.test_webhooks import alert, opened

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_what_waits_is_held_back_once_the_endpoint_is_not_to_hear_of_it(people, program, now):
    endpoint, _ = listen(people, program, teams=("relevance", "support"))
    for name, team in (("search", "relevance"), ("answers", "support")):
        opened(alert(name, team))
    tell_endpoints(now)
    assert Send.objects.filter(state=Send.QUEUED).count() == 2
    address, types = endpoint.address, ("alert.opened", "budget.crossed")
    change(endpoint, Wanted(address, "", types, ("relevance",)))
    sent = {one.message["data"]["name"]: one for one in drain("w", now)}
    assert {name: one.state for name, one in sent.items()} == {
        "search": Send.SENT, "answers": Send.SUPPRESSED,
    }  # fmt: skip
    assert "hears of it no more" in sent["answers"].said
    assert b"answers" not in b"".join(body for _, _, body in program.got)
    with pytest.raises(BadReplay, match="hears of it no more"):
        replay_one(sent["answers"], people["finops"], now)
    assert replay_span(endpoint, now - DAY, now + DAY, people["finops"], now=now).again == 0
    # What it may hear of again can be sent again; a type taken away holds back too.
    change(endpoint, Wanted(address, "", types, ("support",)))
    assert replay_one(sent["answers"], people["finops"], now)
    change(endpoint, Wanted(address, "", ("budget.crossed",), ("support",)))
    assert [one.state for one in drain("w", now)] == [Send.SUPPRESSED]
