"""manage.py alerts: look at the ledger now, or list what stands."""

from datetime import date, timedelta
import json

from django.core.management.base import BaseCommand

from aicost.kernel.periods import Period, utc_today
from attribution.alerting.look import look
from attribution.alerting.series import EVERYTHING
from attribution.models.alerts import STANDING
from attribution.reports import run
from attribution.reports.spec import Spec

WHAT = ("run", "list")


class Command(BaseCommand):
    help = "Look at the ledger for what stands out (run), or list the alerts (list)."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=WHAT)
        parser.add_argument("--day", type=date.fromisoformat, help="judge the days before this one")
        parser.add_argument("--all", action="store_true", help="list resolved and closed ones too")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        rows = _run(options["day"]) if options["what"] == "run" else _listed(options["all"])
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()))


def _run(day: date | None) -> list[dict]:
    looked = look(day)
    told = {"through": looked.through, "series": looked.series} | dict(looked.changes)
    return [told, *({"note": note} for note in looked.notes)]


def _listed(everything: bool) -> list[dict]:
    """What stands; of the last 400 days also what does not any more."""
    end = utc_today() + timedelta(days=1)
    rows = run(Spec("alerts", Period(end - timedelta(days=400), end), EVERYTHING)).rows
    return [row for row in rows if everything or row["state"] in STANDING]
