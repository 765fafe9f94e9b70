"""manage.py alerts: look at the ledger now, list what stands; announce what is to come."""

from datetime import date, timedelta
import json

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import User
from aicost.kernel.periods import Period, utc_today
from attribution.alerting.announced import (
    ANNOUNCED_LEVELS,
    BadEvent,
    Told,
    announce,
    seen_by,
    withdraw,
)
from attribution.alerting.hourly_look import look_at_hours
from attribution.alerting.levels import ORGANISATION
from attribution.alerting.look import look
from attribution.alerting.series import EVERYTHING
from attribution.models import KnownEvent
from attribution.models.alerts import STANDING
from attribution.reports import run
from attribution.reports.spec import Spec


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Look at the ledger for what stands out (run), list the alerts (list); announce a launch"
        " or a load test (announce, announced, withdraw)."
    )

    def add_arguments(self, parser):
        parser.add_argument("what", choices=DO)
        parser.add_argument("--day", type=date.fromisoformat, help="judge the days before this one")
        parser.add_argument("--all", action="store_true", help="list resolved and closed ones too")
        parser.add_argument("--json", action="store_true")
        of_events = parser.add_argument_group("events that are announced")
        add = of_events.add_argument
        add("--level", default=ORGANISATION, choices=ANNOUNCED_LEVELS, help="what it is of")
        add("--name", default="", help="its name; none for all AI")
        add("--from", dest="begins", type=date.fromisoformat, metavar="D")
        add("--to", dest="ends", type=date.fromisoformat, metavar="D", help="a launch has none")
        add("--text", default="", help="what it is")
        add("--id", type=int, default=0, help="of the event that is withdrawn")
        add("--user", help="who announces or withdraws it")

    def handle(self, *args, **options):
        rows = DO[options["what"]](options)
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()))


def _run(options: dict) -> list[dict]:
    looked = look(options["day"])
    told = {"through": looked.through, "series": looked.series} | dict(looked.changes)
    return [told, *({"note": note} for note in looked.notes), *_hours(options)]


def _hours(options: dict) -> list[dict]:
    """Of hours of estimates, unless an earlier day is asked for."""
    if options["day"] is not None:
        return []
    hours = look_at_hours()
    if hours.through is None:
        return []
    told = {"through": f"{hours.through.isoformat()}Z", "series": hours.series}
    lacking = {"note": f"{hours.young} names: less than a week of hours"} if hours.young else {}
    return [told | dict(hours.changes) | lacking]


def _listed(options: dict) -> list[dict]:
    """What stands; of the last 400 days also what does not any more."""
    end = utc_today() + timedelta(days=1)
    rows = run(Spec("alerts", Period(end - timedelta(days=400), end), EVERYTHING)).rows
    return [row for row in rows if options["all"] or row["state"] in STANDING]


def _announce(options: dict) -> list[dict]:
    if options["begins"] is None:
        raise CommandError("say when it begins: --from YYYY-MM-DD")
    told = Told(options["level"], options["name"], options["begins"], options["ends"],
                options["text"])  # fmt: skip
    try:
        return [_row(announce(told, _user(options), EVERYTHING))]
    except BadEvent as error:
        raise CommandError(str(error)) from error


def _announced(options: dict) -> list[dict]:
    return [_row(one) for one in seen_by(EVERYTHING)]


def _withdraw(options: dict) -> list[dict]:
    try:
        withdraw(options["id"], _user(options), EVERYTHING)
    except BadEvent as error:
        raise CommandError(str(error)) from error
    return []


def _user(options: dict) -> User:
    found = User.objects.filter(username=options["user"] or "", is_active=True).first()
    if found is None:
        raise CommandError(f"no user {options['user']!r}: --user says who does it")
    return found


def _row(event: KnownEvent) -> dict:
    names = ("id", "level", "name", "begins", "ends", "text")
    return {name: getattr(event, name) for name in names}


DO = {
    "run": _run,
    "list": _listed,
    "announce": _announce,
    "announced": _announced,
    "withdraw": _withdraw,
}
