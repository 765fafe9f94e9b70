"""Logging in, being locked out, and the trail that stays."""

from django.core.management import call_command
from django.db import DatabaseError, transaction
import pytest

from aicost.accounts.models import AuditEvent, User
from aicost.accounts.people import ensure_demo_users
from aicost.accounts.scope import asker_of
from tests.web.world import PASSWORD

pytestmark = pytest.mark.django_db


def log_in(client, password: str, **more):
    return client.post("/login/", {"username": "viewer", "password": password, **more})


def test_it_logs_in_and_goes_where_one_wanted_to_go(client, people):
    response = log_in(client, PASSWORD, next="/explore/?group=team")
    assert response["Location"] == "/explore/?group=team"
    assert AuditEvent.objects.filter(action="login", user=people["viewer"]).count() == 1


def test_it_does_not_leave_the_site_after_login(client, people):
    assert log_in(client, PASSWORD, next="https://elsewhere.example/")["Location"] == "/"


def test_it_locks_out_after_five_refusals_even_with_the_right_password(client, people):
    for _ in range(5):
        assert log_in(client, "wrong").status_code == 403
    response = log_in(client, PASSWORD)
    assert response.status_code == 403
    assert "Too many refused logins" in response.content.decode()
    assert AuditEvent.objects.filter(action="login_refused", subject="viewer").count() == 5


def test_it_starts_the_count_anew_after_a_success(client, people):
    for _ in range(4):
        log_in(client, "wrong")
    assert log_in(client, PASSWORD).status_code == 302
    for _ in range(4):
        log_in(client, "wrong")
    assert log_in(client, PASSWORD).status_code == 302


def test_it_refuses_to_change_the_trail(client, people):
    log_in(client, PASSWORD)
    event = AuditEvent.objects.get(action="login")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(action="nothing")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()


def test_it_scopes_a_person_to_their_teams(people):
    assert asker_of(people["finance"]).teams is None
    assert asker_of(people["scoped"]).teams == ("relevance",)
    people["scoped"].teams.clear()
    assert asker_of(people["scoped"]).teams == ()


def test_it_makes_the_demo_people_once(db):
    names = ("finance", "engineering", "finops", "admin")
    passwords = {name: f"{name}-long-secret" for name in names}
    first = ensure_demo_users(passwords)
    again = ensure_demo_users(passwords)
    assert [u.pk for u in first] == [u.pk for u in again]
    assert [(u.username, u.role) for u in again] == [
        ("finance", "finance"),
        ("engineering", "engineer"),
        ("finops", "finops"),
        ("admin", "admin"),
    ]


def test_it_adds_a_user_from_the_command_line(db, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("a-very-long-password\n"))
    call_command("adduser", "grace", role="finops", team=["search"], stdout=io.StringIO())
    grace = User.objects.get(username="grace")
    assert grace.check_password("a-very-long-password")
    assert asker_of(grace).teams == ("search",)
