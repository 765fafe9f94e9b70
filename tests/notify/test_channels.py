"""Channels at the wire: what Slack, Teams, PagerDuty and a program of one's own get, how it is
signed, and what their answers mean. The other side is a real web server."""

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
from uuid import uuid4

import pytest

from aicost.notify.channels import signing, teams
from aicost.notify.channels.base import SendError
from aicost.notify.channels.posting import checked
from aicost.notify.endpoints import configure
from aicost.notify.message import ALERT, Fact, Item, Message, Section
from aicost.notify.models import Channel, Send
from aicost.notify.outbox import drain, mend, put
from aicost.notify.unsealed import config_of
from ingest.connect import BadSettings
from tests.served import serving

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET, NEWER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
EVIL = "<!channel> [x](https://evil.example) *a* & b"
HELLO = Message(
    ALERT,
    "Critical: search costs twice the usual",
    f"A lead about {EVIL}",
    (Fact("Actual", "$1,234.00", "expected $600.00", "https://cost.example.com/a/"),),
    (Section("Drivers", (Item(EVIL, "+$634.00", "https://cost.example.com/b/"),), "all"),),
    ("Bills: cloud through 22 Nov.",),
    "You get this because a test says so.",
    "https://cost.example.com/alerts/7/",
    severity="critical",
    status="opened",
    alert="alert-7",
)


class Posted(BaseHTTPRequestHandler):
    """Keeps what is posted; answers as told, 200 when nothing is."""

    got: list[tuple[str, dict, bytes]]
    answers: list[tuple[int, dict]]

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        if status == 0:  # the line breaks after the message was read
            self.connection.close()
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *told):
        """Silent."""


@pytest.fixture
def other_side(settings):
    settings.AICOST_HOOK_HOSTS = ["127.0.0.1"]
    handler = type("Handler", (Posted,), {"got": [], "answers": []})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        handler.address = address
        yield handler


def channel(people, kind: str, **values) -> Channel:
    return configure(people["admin"], f"our {kind}", kind, values)


def sent(made: Channel, message: Message = HELLO, now: datetime = NOON) -> Send:
    put(message, occasion=str(uuid4()), channel=made, now=now)
    [done] = drain("w", now)
    return done


def test_slack_gets_blocks_in_which_no_name_is_markup(people, other_side):
    made = channel(people, "slack", url=f"{other_side.address}/services/T/B/x")
    assert sent(made).state == Send.SENT
    [(path, headers, body)] = other_side.got
    told = json.loads(body)
    assert path == "/services/T/B/x" and headers["Content-Type"] == "application/json"
    assert told["text"] == HELLO.subject
    kinds = [block["type"] for block in told["blocks"]]
    assert kinds == ["header", "section", "section", "section", "section", "context"]
    text = json.dumps(told)
    assert "<!channel>" not in text and "&lt;!channel&gt;" in text
    assert "<https://cost.example.com/a/|$1,234.00>" in text


def test_teams_gets_an_adaptive_card_of_at_most_28_kilobytes(people, other_side):
    made = channel(people, "teams", url=f"{other_side.address}/workflows/x")
    assert sent(made).state == Send.SENT
    card = json.loads(other_side.got[0][2])["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["type"] == "AdaptiveCard"
    blocks = {block["type"] for block in card["content"]["body"]}
    assert blocks == {"RichTextBlock"}  # text in runs: no markdown in names of theirs
    assert card["content"]["actions"][0]["url"] == HELLO.url
    items = tuple(Item(f"{n} " + "é" * 400, "+$1.00") for n in range(200))
    long = Message(ALERT, "Long", sections=(Section("a", items), Section("b", items)))
    body = teams.fitted(long)
    assert len(body) <= 28_000
    assert teams.CUT in body.decode() and "0 éé" in body.decode()


def test_pagerduty_knows_an_alert_by_its_key_and_ends_it(people, other_side):
    made = channel(
        people, "pagerduty", routing_key="R" * 32, url=f"{other_side.address}/v2/enqueue"
    )
    sent(made)
    sent(made, Message(ALERT, "Resolved: search", status="resolved", alert="alert-7"))
    opened, ended = (json.loads(body) for _, _, body in other_side.got)
    assert opened["event_action"] == "trigger" and opened["routing_key"] == "R" * 32
    assert opened["payload"]["severity"] == "critical"
    assert opened["payload"]["summary"] == HELLO.subject
    assert opened["links"][0]["href"] == HELLO.url
    assert ended == {"routing_key": "R" * 32, "event_action": "resolve", "dedup_key": "alert-7"}
    assert opened["dedup_key"] == "alert-7"


def test_a_webhook_is_signed_as_standard_webhooks_says(people, other_side):
    """The example of the specification, then a real message signed by two secrets."""
    body = b'{"test": 2432232314}'
    signed = signing.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    made = channel(people, "webhook", url=f"{other_side.address}/hook", secret=SECRET)
    configure(people["admin"], made.name, "webhook", {"secret": NEWER}, made)
    send = sent(made)
    [(_, headers, body)] = other_side.got
    headers = {name.lower(): value for name, value in headers.items()}
    sent_id, stamp = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert sent_id == f"msg_{send.message_id}"
    assert abs(stamp - datetime.now(UTC).timestamp()) < 300
    assert headers["webhook-signature"].split() == [
        signing.signature(NEWER, sent_id, stamp, body),
        signing.signature(SECRET, sent_id, stamp, body),
    ]
    told = json.loads(body)
    assert told["type"] == "alert.opened"
    assert told["data"]["facts"][0]["value"] == "$1,234.00"


def test_an_answer_says_whether_to_try_again(people, other_side):
    made = channel(people, "slack", url=f"{other_side.address}/x")
    other_side.answers[:] = [(429, {"Retry-After": "120"}), (503, {}), (302, {"Location": "/y"})]
    slow = sent(made)
    assert slow.state == Send.QUEUED and "429" in slow.said
    assert slow.next_try_at - NOON == timedelta(seconds=120)
    [busy] = drain("w", slow.next_try_at)
    assert busy.state == Send.QUEUED and "503" in busy.said
    [moved] = drain("w", busy.next_try_at)
    assert moved.state == Send.FAILED and "elsewhere" in moved.said
    assert [path for path, _, _ in other_side.got] == ["/x"] * 3
    other_side.answers[:] = [(404, {})]
    gone = sent(made)
    assert gone.state == Send.FAILED and "Make a new webhook" in gone.said
    assert "/x" not in gone.said


def test_a_line_that_breaks_is_unknown_but_where_the_other_side_knows_the_id(people, other_side):
    other_side.answers[:] = [(0, {}), (0, {})]
    slack = sent(channel(people, "slack", url=f"{other_side.address}/x"))
    assert slack.state == Send.UNKNOWN and "may have arrived" in slack.said
    hook = sent(channel(people, "webhook", url=f"{other_side.address}/h", secret=SECRET))
    assert hook.state == Send.QUEUED
    [again] = drain("w", hook.next_try_at)
    assert again.state == Send.SENT
    ids = [headers["webhook-id"] for path, headers, _ in other_side.got if path == "/h"]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert mend(NOON + timedelta(days=9)) == []


def test_nothing_goes_to_an_inner_address_that_nobody_named(people, settings, other_side):
    inner = (
        "http://127.0.0.1/", "https://localhost/x", "https://[::1]/", "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/", "https://[::ffff:127.0.0.1]/",
        "https://2130706433/", "https://0x7f.1/", "https://192.168.1.1/", "ftp://example.com/",
        "https://user:pass@example.com/", "http://example.com/", "https://[fe80::1]/", "//x",
    )  # fmt: skip
    made = channel(people, "slack", url=f"{other_side.address}/x")
    settings.AICOST_HOOK_HOSTS = []
    for url in inner:
        with pytest.raises(ValueError):
            checked(url)
        with pytest.raises(BadSettings):
            channel(people, "teams", url=url)
    done = sent(made)
    assert done.state == Send.FAILED and "inner address" in done.said
    assert other_side.got == []
    settings.AICOST_HOOK_HOSTS = ["169.254.169.254"]
    with pytest.raises(ValueError):
        checked("http://169.254.169.254/latest/meta-data/")


def test_secrets_are_sealed_kept_and_never_sent_along(people, monkeypatch):
    made = channel(people, "pagerduty", routing_key="K" * 32)
    assert "K" * 32 not in json.dumps([made.settings, made.sealed])
    configure(people["admin"], "renamed", "pagerduty", {"url": made.settings["url"]}, made)
    assert config_of(made)["routing_key"] == "K" * 32
    with pytest.raises(BadSettings, match="another address"):
        configure(
            people["admin"], "x", "pagerduty", {"url": "https://events.eu.pagerduty.com/"}, made
        )
    monkeypatch.setenv("PD_KEY", "E" * 32)
    configure(people["admin"], "by env", "pagerduty", {"routing_key": "env:PD_KEY"}, made)
    assert config_of(made)["routing_key"] == "E" * 32
    monkeypatch.delenv("PD_KEY")
    with pytest.raises(SendError, match="PD_KEY"):
        config_of(made)
