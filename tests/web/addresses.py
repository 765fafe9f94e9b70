"""Every address of the product that answers with a page, found by walking the URLconf.

An address without arguments is tried as it is: what answers a GET with a whole page is one. An
address with arguments needs a line in EXAMPLES, or in NO_PAGES when it only takes a form, sends a
file or is part of a page; `unknown()` lists what has neither, and a test holds it empty.
"""

from collections.abc import Iterator
import re

from django.test import Client

from aicost.accounts.models import User
from aicost.jobs.models import Job
from aicost.notify import urls as notify_urls
from aicost.notify.models import Channel, Endpoint, Route, Schedule, Send
from aicost.web import urls
from attribution.models import Alert, Budget, CreditBalance
from ingest.models import Price, Source

# name of the address -> its arguments on the company of tests.web.furnished
EXAMPLES: dict[str, str] = {
    "model": "models/rank-v1/",
    "feature": "features/search/",
    "experiment": "experiments/tuning/",
    "team": "teams/a/",
    "customer": "customers/acme/",
    "gpu_node": "gpus/node-a/",
    "alert": "anomalies/{alert}/",
    "target_edit": "targets/edit/feature/search/",
    "target": "targets/environment/prod/",
    "upload_job": "upload/{job}/",
    "source_add": "sources/add/openai/",
    "source": "sources/{source}/",
    "price": "prices/{price}/",
    "rule": "rules/rule/direct/",
    "rule_edit": "rules/rule/direct/edit/",
    "rule_switch": "rules/rule/direct/switch/",
    "budget": "budgets/{budget}/",
    "balance": "budgets/balances/{balance}/",
    "statement": "statements/2026-09/team/a/",
    "finance_table": "finance/cost_classes/",
    "filter": "filter/feature/",
    "join": "join/knock-knock/",
    "person": "settings/people/{person}/",
    "digest_preview": "reports/digests/{digest}/",
    "digest_edit": "reports/digests/{digest}/edit/",
    "route_edit": "reports/routes/{route}/",
    "channel_add": "reports/channels/add/webhook/",
    "channel_edit": "reports/channels/{channel}/",
    "send": "reports/sent/{send}/",
    "webhook": "reports/webhooks/{endpoint}/",
    "webhook_edit": "reports/webhooks/{endpoint}/edit/",
    "webhook_message": "reports/webhooks/messages/{event}/",
}
# What one address of several shows besides: another kind, another figure, nothing at all.
MORE = (
    "targets/product/Shop/",
    "targets/?group=team",
    "explore/?group=team,feature&step=week&chart=lines",
    "explore/?feature=nobody",
    "why/?at=feature:search",
    "why/?figure=unit_cost&at=model:rank-v1",
    "why/?figure=margin&at=feature:search",
    "close/?month=2026-09",
    "statements/?month=2026-09",
    "finance/accounts/",
)
# Addresses with arguments that take a form, send a file or a chart, or are part of a page.
NO_PAGES = {
    "source_edit",
    "source_pause",
    "source_run",
    "source_test",
    "source_test_form",
    "close_paid",
    "close_month",
    "close_reopen",
    "close_remove",
    "close_file",
    "statements_file",
    "journal_file",
    "finance_file",
    "prices_file",
    "sources_file",
    "price_end",
    "rule_revert",
    "finance_csv",
    "token_revoke",
    "files_run",
    "files_pause",
    "files_remove",
    "figure",
    "panel",
    "export",
    "person_active",
    "person_reset",
    "invitation_end",
    "team_remove",
    "note",
    "note_delete",
    "view_change",
    "view_delete",
    "digest_mail",
    "digest_test",
    "digest_pause",
    "digest_end",
    "route_pause",
    "route_end",
    "channel_test",
    "channel_pause",
    "channel_end",
    "webhook_test",
    "webhook_pause",
    "webhook_secret",
    "webhook_replay",
    "webhook_end",
    "webhook_message_again",
    "send_mail",
    "send_again",
    "send_arrived",
    "unsubscribe",
    "alert_do",
    "event_withdraw",
}
PATTERNS = (*urls.urlpatterns, *notify_urls.urlpatterns)


def unknown() -> list[str]:
    """Names of addresses with arguments that nobody placed; and placed ones that are gone."""
    named = {pattern.name for pattern in PATTERNS if _arguments(pattern)}
    placed = {*EXAMPLES, *NO_PAGES}
    return sorted((named - placed) | (placed - named))


def pages(client: Client) -> list[str]:
    """All addresses that answer this client with HTML, those of MORE last."""
    return [*_walked(client), *(f"/{address}" for address in MORE)]


def _walked(client: Client) -> Iterator[str]:
    for pattern in PATTERNS:
        if pattern.name in NO_PAGES:
            continue
        address = f"/{EXAMPLES.get(pattern.name, str(pattern.pattern)).format(**_ids())}"
        answer = client.get(address)
        begins = b"" if answer.streaming else answer.content[:200]
        if answer.status_code == 200 and b"<html" in begins:
            yield address
        elif pattern.name in EXAMPLES:
            raise AssertionError(f"{address} answers {answer.status_code}")


def _ids() -> dict[str, int]:
    """The numbers of what `furnish` made; 0 where there is none."""
    made = {
        "job": Job,
        "source": Source,
        "price": Price,
        "budget": Budget,
        "balance": CreditBalance,
        "person": User,
        "alert": Alert,
        "digest": Schedule,
        "route": Route,
        "channel": Channel,
        "send": Send,
        "endpoint": Endpoint,
    }
    found = {
        name: model.objects.order_by("pk").values_list("pk", flat=True).first() or 0
        for name, model in made.items()
    }
    events = Send.objects.filter(endpoint__isnull=False).values_list("pk", flat=True)
    return found | {"event": events.first() or 0}


def _arguments(pattern) -> list[str]:
    return re.findall(r"<[^>]*>", str(pattern.pattern))
