"""`manage.py attribute`: rebuild every dirty day, now; with `--again` the others too."""

from datetime import date
import json

from django.core.management.base import BaseCommand, CommandError

from attribution.allocate import attribute
from attribution.dirty import dirty_again


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Attribute every day that changed, in this process."

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="start", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, help="excluded")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--again", action="store_true", help="rebuild the days though nothing of them changed"
        )

    def handle(self, *args, start, end, json: bool, again: bool, **options):
        if again:
            dirty_again(start, end)
        results = attribute(start, end)
        self.stdout.write(_as_json(results) if json else _as_text(results))
        if any(result.failure for result in results):
            raise CommandError("some days failed and keep their last published figures")


def _as_json(results) -> str:
    return json.dumps(
        [
            {**vars(one), "day": one.day.isoformat(), "seconds": round(one.seconds, 3)}
            for one in results
        ],
        indent=1,
    )


def _as_text(results) -> str:
    if not results:
        return "Nothing to do: every day is attributed."
    failed = [f"  {one.day}: {one.failure}" for one in results if one.failure]
    done = len(results) - len(failed)
    parts = sum(one.allocated_charges for one in results)
    charges = sum(one.charges for one in results)
    lines = [f"{done} days attributed: {charges:,} charges became {parts:,} allocated charges."]
    return "\n".join(lines + ([f"{len(failed)} days failed:", *failed] if failed else []))
