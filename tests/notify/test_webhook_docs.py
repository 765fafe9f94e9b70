"""Webhooks as their page in docs/ has them: every type, the schema, the example that verifies a
message, the command."""

import json
from pathlib import Path
import re

from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator, FormatChecker
import pytest

from aicost.accounts.models import AuditEvent
from aicost.happenings.tell import happened
from aicost.notify.channels.signing import new_secret
from aicost.notify.outbox import drain
from aicost.notify.webhooks.catalogue import EVENT_TYPES, schema
from aicost.notify.webhooks.endpoints import rotate, send_test
from tests.notify.hooks import go, listen

pytestmark = pytest.mark.django_db(transaction=True)
VALID = Draft202012Validator(schema(), format_checker=FormatChecker())
DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "webhooks.md"


def test_the_docs_name_every_type_and_keep_the_schema():
    page = DOCS.read_text(encoding="utf-8")
    assert [one.name for one in EVENT_TYPES if f"`{one.name}`" not in page] == []
    kept = json.loads(DOCS.with_name("webhooks.schema.json").read_text(encoding="utf-8"))
    assert kept == schema(), "manage.py webhook schema > docs/webhooks.schema.json"
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert list(VALID.iter_errors(json.loads(example))) == []


def test_the_example_of_the_docs_verifies_a_message(people, program, now):
    [example] = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    there: dict = {}
    exec(example, there)
    endpoint, old = listen(people, program)
    secret = rotate(endpoint, 24, now)
    send_test(endpoint, people["finops"], now)
    drain("w", now)
    [(_, headers, body)] = program.got
    assert there["verified"](secret, headers, body) and there["verified"](old, headers, body)
    late = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
    for wrong in ((new_secret(), headers, body), (secret, headers, body + b" "),
                  (secret, late, body)):  # fmt: skip
        assert not there["verified"](*wrong)


def test_the_command_does_what_the_page_does(people, program, capsys, now):
    def manage(*words: str) -> str:
        call_command("webhook", *words)
        return capsys.readouterr().out.strip()

    by = ("--user", "finops")
    number, secret = manage("add", program.address, *by, "--type", "month.closed").split()
    assert manage("list").startswith(f"{number}  {program.address}  on  month.closed")
    manage("test", number, *by)
    drain("w", now)
    assert program.verified(secret)["data"]["by"] == "finops"
    newer = manage("secret", number, *by, "--grace", "0")
    manage("off", number, *by)
    happened("month.closed", "close 1", {"month": "2026-10"})
    assert go(now) == []
    with pytest.raises(CommandError, match="switch it on"):
        manage("replay", number, *by, "--from", "2026-01-01")
    manage("on", number, *by)
    span = ("--from", "2026-01-01", "--to", "2099-01-01")
    assert manage("replay", number, *by, *span) == "0 sent again, 1 of what happened meanwhile"
    drain("w", now)
    assert program.verified(newer)["type"] == "month.closed"
    with pytest.raises(CommandError, match="nobody who may connect"):
        manage("end", number, "--user", "viewer")
    manage("end", number, *by)
    assert manage("list") == ""
    kept = AuditEvent.objects.filter(action__startswith="webhook").order_by("pk")
    assert [one.action for one in kept] == [
        "webhook_saved", "webhook_secret", "webhook_saved", "webhook_saved", "webhook_replayed",
        "webhook_ended",
    ]  # fmt: skip
