"""A message is a row, then it is sent; whatever happens in between is seen, and nothing is sent
twice that may have arrived."""

from datetime import UTC, datetime, timedelta
from threading import Thread

from django.db import connection
import pytest

from aicost.notify import outbox
from aicost.notify.channels import mail
from aicost.notify.message import TEST, Message
from aicost.notify.models import Send
from aicost.notify.outbox import TRIES_MAX, again, arrived, claim, deliver, drain, mend, put
from aicost.notify.purge import purge

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HELLO = Message(TEST, "Hello", "A lead", text="A text\n", html="<p>A text</p>")


def queued(to: str = "a@example.com", occasion: str = "once", **more) -> Send:
    return put(HELLO, occasion=occasion, address=to, now=NOON, **more)


def test_it_sends_once_and_says_what_the_server_said(mailbox):
    sent = queued()
    assert queued() is None  # the same occasion, recipient and channel: it stands already
    [done] = drain("w", NOON)
    assert (done.state, done.tries, done.said) == (Send.SENT, 1, "accepted by the mail server")
    [got] = mailbox.mails
    assert got["Message-ID"] == f"<{sent.message_id}@example.com>"
    assert (got["Subject"], got["To"]) == ("Hello", "a@example.com")
    assert got["Auto-Submitted"] == "auto-generated"
    assert drain("w", NOON + timedelta(days=2)) == []


def test_it_tries_eight_times_within_a_day_with_one_id_and_then_gives_up(mailbox, people):
    mailbox.answers = ["451 4.3.0 come back later"] * TRIES_MAX
    sent, now = queued(), NOON
    for tries in range(1, TRIES_MAX + 1):
        [done] = drain("w", now)
        assert done.tries == tries and "451" in done.said
        assert drain("w", now) == []
        now = done.next_try_at
    assert done.state == Send.FAILED
    assert done.settled_at - NOON <= timedelta(days=1)
    assert done.settled_at - NOON > timedelta(hours=18)
    assert len(done.history) == TRIES_MAX
    assert again(sent, people["admin"], now)
    [done] = drain("w", now)
    assert (done.state, done.tries) == (Send.SENT, 1)
    assert mailbox.mails[0]["Message-ID"] == mail.id_of(str(sent.message_id))
    assert not again(sent, people["admin"], now)


def test_what_is_refused_for_good_is_not_tried_again(mailbox):
    mailbox.refused = {"gone@example.com"}
    queued("gone@example.com")
    [done] = drain("w", NOON)
    assert (done.state, done.tries) == (Send.FAILED, 1)
    assert "550" in done.said


def test_a_server_that_is_down_is_tried_later(mailbox, settings):
    settings.EMAIL_PORT = 1
    queued()
    [done] = drain("w", NOON)
    assert (done.state, done.handed_at) == (Send.QUEUED, None)
    settings.EMAIL_HOST = ""
    [done] = drain("w", done.next_try_at)
    assert "no mail server is set" in done.said and "AICOST_SMTP_URL" in done.said


def test_a_crash_before_handing_over_is_made_good_and_one_after_it_is_flagged(
    mailbox, people, monkeypatch
):
    """The second worker stands for one that is killed right after the server's yes."""
    queued(occasion="before")
    assert claim("dead", NOON).state == Send.SENDING
    later = NOON + timedelta(minutes=5)
    assert len(mend(later)) == 1
    [done] = drain("w", later)
    assert (done.state, done.tries) == (Send.SENT, 2)

    queued(occasion="after")
    held = claim("dead", later)
    monkeypatch.setattr(outbox, "_settle", lambda *given: None)
    deliver(held, later)
    monkeypatch.undo()
    assert len(mailbox.mails) == 2
    much_later = later + timedelta(days=3)
    assert drain("w", much_later) == []
    held.refresh_from_db()
    assert held.state == Send.UNKNOWN
    assert "may have arrived" in held.said
    assert len(mailbox.mails) == 2
    assert arrived(held, people["admin"])
    held.refresh_from_db()
    assert held.state == Send.SENT
    assert not arrived(held, people["admin"])


def test_a_worker_whose_lease_ran_out_hands_nothing_over(mailbox):
    queued()
    slow = claim("slow", NOON)
    mend(NOON + timedelta(minutes=5))
    [done] = drain("quick", NOON + timedelta(minutes=5))
    assert done.state == Send.SENT
    deliver(slow, NOON + timedelta(minutes=5))
    assert len(mailbox.mails) == 1


def test_many_senders_side_by_side_send_each_message_once(mailbox):
    for n in range(40):
        queued(f"p{n}@example.com")

    def work(name: str) -> None:
        drain(name, NOON)
        connection.close()

    threads = [Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one["To"] for one in mailbox.mails) == sorted(
        f"p{n}@example.com" for n in range(40)
    )
    assert set(Send.objects.values_list("state", "tries")) == {(Send.SENT, 1)}


def test_nobody_who_has_left_gets_anything(mailbox, people):
    sent = put(HELLO, occasion="x", user=people["finance"], now=NOON)
    people["finance"].is_active = False
    people["finance"].save()
    [done] = drain("w", NOON)
    assert (done.pk, done.state, done.said) == (sent.pk, Send.SUPPRESSED, "finance has left")
    assert mailbox.mails == []


def test_messages_settled_long_ago_are_deleted_but_none_that_keeps_a_digest_from_coming_twice(
    mailbox, settings
):
    queued()
    drain("w", NOON)
    queued(occasion="waits")
    settings.AICOST_KEEP_DAYS = 1
    assert purge(NOON + timedelta(days=61)) == {"sends": 0, "happenings": 0}
    assert purge(NOON + timedelta(days=63)) == {"sends": 1, "happenings": 0}
    assert Send.objects.get().occasion == "waits"
