"""People are let in, moved and let go by an admin; every link is good once."""

from datetime import timedelta
import re

from django.test import Client
from django.utils import timezone
import pytest

from aicost.accounts.models import AuditEvent, Invitation, Team, User
from aicost.accounts.tokens import READ, make_token
from tests.web.world import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "a-long-new-secret"


def link_in(response) -> str:
    """The path of the link an admin is shown."""
    return re.search(r"http://testserver(/join/[^<\s]+/)", response.content.decode()).group(1)


def send(client, who, address: str, **form):
    client.force_login(who)
    return client.post(address, form)


def test_somebody_is_invited_for_one_team_and_sees_only_that(client, people, costs):
    """Invited → chooses name and password → is in, with the rows of the team → the link is over."""
    answer = send(
        client, people["admin"], "/settings/people/", email="Lea@Example.com", role="engineer",
        sees="teams", team="relevance",
    )  # fmt: skip
    assert answer.status_code == 200
    path = link_in(answer)
    assert path not in client.get("/settings/people/").content.decode()
    secret = path.split("/")[2]
    assert not Invitation.objects.filter(sha256=secret).exists()  # only its hash is kept
    stranger = Client()
    assert 'value="lea"' in stranger.get(path).content.decode()
    form = {"username": "lea", "name": "Lea Ahrens", "password": NEW, "again": NEW}
    weak = stranger.post(path, form | {"password": "1234", "again": "1234"})
    assert weak.status_code == 400 and "too short" in weak.content.decode()
    unlike = stranger.post(path, form | {"again": "other"})
    assert "not the same" in unlike.content.decode()
    taken = stranger.post(path, form | {"username": "Viewer"})
    assert "taken" in taken.content.decode()
    assert stranger.post(path, form)["Location"] == "/"
    lea = User.objects.get(username="lea")
    assert (lea.email, lea.first_name, lea.role) == ("lea@example.com", "Lea", "engineer")
    seen = stranger.get("/explore/?from=2026-09-01&to=2026-09-02&compare=none").content.decode()
    assert "$160.00" in seen and "$75.50" not in seen
    assert stranger.get("/settings/people/").status_code == 403
    again = Client().post(path, form | {"username": "second"})
    assert again.status_code == 404 and not User.objects.filter(username="second").exists()
    told = AuditEvent.objects.filter(action__in=("invited", "joined")).order_by("pk")
    assert [(one.action, one.subject) for one in told] == [
        ("invited", "lea@example.com"),
        ("joined", "lea"),
    ]


def test_a_link_ends_by_time_by_the_admin_and_by_the_next_one(client, people):
    def invited() -> str:
        answer = send(
            client, people["admin"], "/settings/people/", email="a@b.example", role="viewer"
        )
        return link_in(answer)

    first = invited()
    second = invited()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    waiting = Invitation.objects.get(ended_at=None)
    send(client, people["admin"], f"/settings/invitations/{waiting.pk}/end/")
    assert Client().get(second).status_code == 404
    third = invited()
    Invitation.objects.filter(ended_at=None).update(expires_at=timezone.now() - timedelta(days=1))
    assert Client().get(third).status_code == 404
    assert Client().get("/join/nothing/").status_code == 404


def test_who_leaves_is_out_at_once_with_sessions_and_tokens(client, people):
    engineer = people["engineer"]
    theirs = Client()
    theirs.force_login(engineer)
    _, token = make_token(engineer, "notebook", [READ])
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    address = "/api/v1/explain?from=2026-09-01&to=2026-09-02"
    assert theirs.get("/").status_code == 200
    assert Client().get(address, **asked).status_code != 401
    send(client, people["admin"], f"/settings/people/{engineer.pk}/active/", active="0")
    assert theirs.get("/").status_code == 302
    assert Client().get(address, **asked).status_code == 401
    send(client, people["admin"], f"/settings/people/{engineer.pk}/active/", active="1")
    assert Client().get(address, **asked).status_code != 401


def test_the_last_admin_can_neither_leave_nor_step_down(client, people):
    admin = people["admin"]
    page = f"/settings/people/{admin.pk}/"
    for address, form in ((page, {"role": "viewer"}), (f"{page}active/", {"active": "0"})):
        answer = send(client, admin, address, **form)
        assert answer.status_code == 400 and "only admin" in answer.content.decode()
    other = people["finops"]
    assert send(client, admin, f"/settings/people/{other.pk}/", role="admin").status_code == 302
    other.refresh_from_db()
    assert other.is_superuser
    assert send(client, other, page, role="viewer", sees="teams", more_teams="search, ads ")
    admin.refresh_from_db()
    assert (admin.role, admin.is_superuser, admin.is_staff) == ("viewer", False, False)
    assert sorted(admin.teams.values_list("name", flat=True)) == ["ads", "search"]
    changed = AuditEvent.objects.filter(action="user_changed", subject="admin").get()
    assert changed.detail["to"]["teams"] == ["search", "ads"]
    full = Team.objects.get(name="ads")
    assert send(client, other, f"/settings/teams/{full.pk}/remove/").status_code == 400
    empty = Team.objects.create(name="nobody's")
    send(client, other, f"/settings/teams/{empty.pk}/remove/")
    assert set(Team.objects.values_list("name", flat=True)) >= {"ads", "search"}
    assert not Team.objects.filter(pk=empty.pk).exists()


def test_a_new_password_ends_other_sessions(client, people):
    """By a link of the admin's, or one's own on the page Password."""
    viewer = people["viewer"]
    elsewhere, here = Client(), Client()
    for one in (elsewhere, here):
        one.force_login(viewer)
    wrong = here.post("/settings/password/", {"old": "no", "password": NEW, "again": NEW})
    assert wrong.status_code == 400
    done = here.post("/settings/password/", {"old": PASSWORD, "password": NEW, "again": NEW})
    assert "changed" in done.content.decode()
    assert elsewhere.get("/").status_code == 302 and here.get("/").status_code == 200
    answer = send(client, people["admin"], f"/settings/people/{viewer.pk}/reset/")
    path = link_in(answer)
    assert Client().post(path, {"password": NEW + "2", "again": NEW + "2"}).status_code == 302
    assert here.get("/").status_code == 302
    viewer.refresh_from_db()
    assert viewer.check_password(NEW + "2")


def test_nobody_but_an_admin_decides_about_people(client, people):
    for who in ("viewer", "engineer", "finance", "finops", "scoped"):
        for address in ("/settings/people/", f"/settings/people/{people['admin'].pk}/"):
            client.force_login(people[who])
            assert client.get(address).status_code == 403, (who, address)
            assert client.post(address, {"role": "admin"}).status_code == 403, (who, address)
        asked = send(client, people[who], f"/settings/people/{people['admin'].pk}/reset/")
        assert asked.status_code == 403


def test_the_trail_is_read_by_who_what_and_when(client, people):
    send(client, people["admin"], "/settings/people/", email="=cmd@b.example", role="viewer")
    client.force_login(people["viewer"])
    assert client.get("/settings/audit/").status_code == 403
    client.force_login(people["finops"])
    page = client.get("/settings/audit/?action=denied").content.decode()
    assert "audit" in page and "viewer" in page and "=cmd@b.example" not in page
    today = timezone.now().date()
    found = client.get(f"/settings/audit/?about=cmd&from={today}&to={today}").content.decode()
    assert "=cmd@b.example" in found
    assert "Nothing happened" in client.get("/settings/audit/?to=2020-01-01").content.decode()
    assert client.get("/settings/audit/?from=yesterday").status_code == 400
    lines = b"".join(client.get("/settings/audit.csv?action=invited").streaming_content).decode()
    assert "'=cmd@b.example" in lines.splitlines()[1]
