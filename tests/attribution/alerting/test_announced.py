"""A launch that was announced is no anomaly; withdrawn, it is one."""

from datetime import timedelta
import json

from django.core.management import CommandError, call_command
import pytest

from aicost.kernel.periods import utc_today
from attribution.alerting.look import look
from attribution.allocate import attribute
from attribution.models import Alert, KnownEvent
from ingest.load import load
from tests.ingest.bills import focus_row, write_focus
from tests.web.world import make_people

pytestmark = pytest.mark.django_db(transaction=True)
DAYS, LAUNCHED = 60, 8  # the cost trebles on the last eight days


@pytest.fixture
def launch(home):
    first = utc_today() - timedelta(days=DAYS)
    tags = json.dumps({"feature": "search", "team": "relevance"})
    rows = [
        focus_row("i-0", (first + timedelta(days=n)).isoformat(),
                  "900.00" if n >= DAYS - LAUNCHED else f"30{n % 7}.00", Tags=tags)
        for n in range(DAYS)
    ]  # fmt: skip
    done = load([write_focus(home / "bill.csv", *rows)], "cloud")
    assert {one.state for one in done} == {"published"}
    attribute()
    make_people()
    return first + timedelta(days=DAYS - LAUNCHED)


def test_an_announced_launch_is_not_told_and_a_withdrawn_one_is(launch, capsys):
    call_command(
        "alerts", "announce", "--from", f"{launch}", "--text", "Launch", "--user", "finops"
    )
    look()
    assert not Alert.objects.exists()
    capsys.readouterr()
    call_command("alerts", "announced", "--json")
    [told] = json.loads(capsys.readouterr().out)
    assert (told["level"], told["begins"], told["ends"]) == ("organisation", f"{launch}", None)
    call_command("alerts", "withdraw", "--id", str(told["id"]), "--user", "finops")
    assert not KnownEvent.objects.exists()
    look()
    assert Alert.objects.filter(name="search", onset=launch).exists()


def test_it_concerns_its_own_name_alone(launch):
    call_command("alerts", "announce", "--level", "feature", "--name", "search", "--from",
                 f"{launch}", "--text", "Launch", "--user", "finops")  # fmt: skip
    look()
    assert not Alert.objects.filter(level="feature").exists()
    assert Alert.objects.filter(level="team", name="relevance").exists()
    for wrong in (["--from", "2000-01-01", "--text", "x"], ["--text", "x"],
                  ["--from", f"{launch}", "--to", "2000-01-01", "--text", "x"]):  # fmt: skip
        with pytest.raises(CommandError):
            call_command("alerts", "announce", *wrong, "--user", "finops")
