"""Reports & alerts: who may set up what, and what each person sees of it."""

from datetime import timedelta
import re

from django.utils import timezone
import pytest

from aicost.accounts.models import AuditEvent
from aicost.notify.endpoints import configure
from aicost.notify.message import TEST, Message
from aicost.notify.models import Channel, Preference, Recipient, Schedule, Send
from aicost.notify.outbox import put

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def visit(client, people):
    def go(who: str, address: str, **given):
        client.force_login(people[who])
        return client.post(address, given) if given else client.get(address)

    return go


def form(*to, **more) -> dict:
    return {"name": "Weekly", "cadence": "weekly", "about": "all", "hour": "8",
            "user": [one.pk for one in to]} | more  # fmt: skip


def test_a_digest_is_added_looked_at_paused_and_ended(visit, people):
    finance, viewer = people["finance"], people["viewer"]
    assert b"No digest is sent yet" in visit("finance", "/reports/").content
    answer = visit("finance", "/reports/digests/add/",
                   **form(finance, viewer, addresses="cfo@customer.example"))  # fmt: skip
    made = Schedule.objects.get()
    assert answer.headers["Location"] == f"/reports/digests/{made.pk}/"
    page = visit("finance", "/reports/").content.decode()
    assert "1 digest is sent" in page and "weekly, on Monday, 08:00 own time" in page
    assert "cfo@customer.example" in page
    kept = {one.pk for one in made.recipients.all()}
    visit("finance", f"/reports/digests/{made.pk}/edit/", **form(finance, name="Renamed"))
    left = made.recipients.filter(ended_at=None).get()
    assert left.user == finance and left.pk in kept
    visit("finance", f"/reports/digests/{made.pk}/pause/", do="it")
    assert b"paused" in visit("finance", "/reports/").content
    visit("finance", f"/reports/digests/{made.pk}/end/", do="it")
    assert b"No digest is sent yet" in visit("finance", "/reports/").content
    told = AuditEvent.objects.filter(action__startswith="digest_").values_list("action", flat=True)
    assert set(told) == {"digest_saved", "digest_ended"}


def test_everybody_may_send_to_themselves_and_few_to_others(visit, people):
    scoped, viewer = people["scoped"], people["viewer"]
    refused = visit("scoped", "/reports/digests/add/", **form(scoped, viewer))
    assert refused.status_code == 400 and b"you may send to yourself" in refused.content
    refused = visit("scoped", "/reports/digests/add/", **form(scoped, addresses="x@example.com"))
    assert refused.status_code == 400
    other_team = visit("scoped", "/reports/digests/add/", **form(scoped, about="team:support"))
    assert b"choose a team that you see" in other_team.content
    assert visit("scoped", "/reports/digests/add/", **form(scoped)).status_code == 302
    mine = Schedule.objects.get()
    for address in (f"/reports/digests/{mine.pk}/", f"/reports/digests/{mine.pk}/edit/"):
        assert visit("viewer", address).status_code == 404
        assert visit("finance", address).status_code == 200
    assert visit("viewer", f"/reports/digests/{mine.pk}/end/", do="it").status_code == 404
    # Finance of one team sees no more than that team, and may not send it on.
    lone = people["lone"]
    assert visit("lone", "/reports/digests/add/", **form(lone, viewer)).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "give it a name"),
        ({"cadence": "hourly"}, "take one of weekly, monthly"),
        ({"hour": "24"}, "an hour from 0 to 23"),
        ({"about": "view:77"}, "choose what it is about"),
        ({"about": "team:"}, "choose a team"),
        ({"user": []}, "choose who gets it"),
        ({"addresses": "nonsense"}, "nonsense is no e-mail address"),
    ],
)
def test_a_form_says_what_is_wrong(visit, people, wrong, said):
    answer = visit("finance", "/reports/digests/add/", **form(people["finance"]) | wrong)
    assert answer.status_code == 400 and said in answer.content.decode()
    assert not Schedule.objects.exists()


def test_a_channel_is_for_who_may_connect_and_its_secret_is_never_shown(visit, people):
    given = {"name": "hook", "url": "https://1.1.1.1/in/s3cret-path", "secret": SECRET}
    for who in ("viewer", "engineer", "finance", "scoped"):
        assert visit(who, "/reports/channels/add/webhook/", **given).status_code == 403
        assert b"Add Slack" not in visit(who, "/reports/").content
    assert visit("finops", "/reports/channels/add/webhook/", **given).status_code == 302
    made = Channel.objects.get()
    pages = [visit("finops", address).content.decode()
             for address in ("/reports/", f"/reports/channels/{made.pk}/")]  # fmt: skip
    assert all(SECRET not in page and "s3cret-path" not in page for page in pages)
    assert "stored, encrypted" in pages[1]
    answer = visit("finops", f"/reports/channels/{made.pk}/test/", do="it")
    assert b"A test is on its way through hook." in answer.content
    assert Send.objects.get().channel == made
    bad = visit("finops", "/reports/channels/add/slack/", name="x", url="https://127.0.0.1/")
    assert bad.status_code == 400 and b"inner address" in bad.content
    assert visit("finops", "/reports/channels/add/email/").status_code == 404


def test_the_archive_is_ones_own_or_for_who_sees_all(visit, people):
    told = Message(TEST, "For the viewer", text="secret", html="<head></head><b>secret</b>")
    mine = put(told, occasion="a", user=people["viewer"])
    for who, status in (("viewer", 200), ("finance", 200), ("scoped", 404), ("engineer", 404)):
        for address in (f"/reports/sent/{mine.pk}/", f"/reports/sent/{mine.pk}/mail/"):
            assert visit(who, address).status_code == status, (who, address)
        seen = b"For the viewer" in visit(who, "/reports/sent/?q=viewer").content
        assert seen == (status == 200)
    mail = visit("viewer", f"/reports/sent/{mine.pk}/mail/")
    assert mail.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert mail.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_dead_letter_is_sent_again_and_an_unknown_one_settled(visit, people):
    told = Message(TEST, "Lost", text="x")
    one = put(told, occasion="a", user=people["viewer"])
    Send.objects.update(state=Send.UNKNOWN, said="nobody answered")
    page = visit("viewer", "/reports/").content.decode()
    assert "Did not arrive" in page and "nobody answered" in page
    assert visit("scoped", f"/reports/sent/{one.pk}/again/", do="it").status_code == 404
    visit("viewer", f"/reports/sent/{one.pk}/arrived/", do="it")
    assert Send.objects.get().state == Send.SENT
    Send.objects.update(state=Send.FAILED, tries=8)
    visit("viewer", f"/reports/sent/{one.pk}/again/", do="it")
    again = Send.objects.get()
    assert (again.state, again.tries) == (Send.QUEUED, 0)
    assert [what for _, what in again.history] == ["viewer: it arrived", "viewer: send again"]


def test_ones_own_wishes_for_alerts_are_kept(visit, people):
    given = {"alerts": "on", "severity": "major", "quiet_from": "22:00", "quiet_to": "07:00"}
    assert visit("viewer", "/reports/mine/", **given).status_code == 302
    mine = Preference.objects.get(user=people["viewer"])
    assert (mine.alerts, mine.severity, str(mine.quiet_from)) == (True, "major", "22:00:00")
    wrong = visit("viewer", "/reports/mine/", quiet_from="22:00", quiet_to="later")
    assert wrong.status_code == 400 and b"write both as HH:MM" in wrong.content


def test_a_route_says_what_goes_its_way(visit, people):
    given = form(people["finance"], name="Search", severity="major", dimension="feature",
                 target="search", quiet_from="22:00", quiet_to="07:00")  # fmt: skip
    assert visit("finance", "/reports/routes/add/", **given).status_code == 302
    page = visit("finance", "/reports/").content.decode()
    assert "all teams, feature search, major or worse" in page
    assert "22:00–07:00, all but critical" in page
    half = visit("finance", "/reports/routes/add/", **given | {"target": ""})
    assert half.status_code == 400 and b"or neither" in half.content


def test_a_page_of_many_asks_as_little_as_one_of_few(client, people, django_assert_max_num_queries):
    admin = people["admin"]
    since = timezone.now() - timedelta(days=9)
    room = configure(admin, "hook", "webhook", {"url": "https://1.1.1.1/", "secret": SECRET})
    for n in range(12):
        made = Schedule.objects.create(name=f"d{n}", owner=admin, active_from=since)
        for of in ({"user": admin}, {"channel": room}, {"address": "x@example.com"}):
            put(Message(TEST, "x"), Recipient.objects.create(schedule=made, **of), occasion="1")
    client.force_login(admin)
    client.get("/reports/")
    with django_assert_max_num_queries(12):
        page = client.get("/reports/").content.decode()
    assert len(re.findall("Send me a test", page)) >= 12
