"""Load bills, telemetry, usage, business rows and maps from files and folders."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError

from ingest.fetch.kept import CannotKeep
from ingest.fetch.room import room_fault
from ingest.load import load
from ingest.show import table
from ingest.tasks import attribute_changes


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Load files and folders; attribute the days they change. Exit 1 if anything is held."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument("--source", help="name of the source; default: that of the reader")
        parser.add_argument("--replace", action="store_true", help="even if it holds much less")
        parser.add_argument("--part-of", action="store_true", help="add to what stands")
        parser.add_argument("--json", action="store_true", help="a list of deliveries, as JSON")
        parser.add_argument("--no-attribute", action="store_true", help="leave days dirty")

    def handle(self, *args, **options):
        try:
            results = load(
                options["paths"],
                options["source"],
                replace=options["replace"],
                part_of=options["part_of"],
            )
        except CannotKeep as error:
            raise CommandError(str(room_fault(error))) from error
        if not options["no_attribute"]:
            for problem in attribute_changes():
                self.stderr.write(f"not attributed: {problem}")
        if options["json"]:
            self.stdout.write(json.dumps([result.as_json() for result in results], indent=2))
        else:
            self.stdout.write(table(results))
        if any(result.state == "held" for result in results):
            sys.exit(1)
