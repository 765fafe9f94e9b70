"""`manage.py finance TABLE`: show, export, import or go back: what the page edits, for a file."""

from pathlib import Path
import sys

from django.core.management.base import BaseCommand, CommandError

from attribution.finance import tables
from attribution.finance.shapes import SHAPES, TableRefused


class Command(BaseCommand):
    requires_system_checks = ()
    help = f"The finance tables {', '.join(SHAPES)}: docs/finance.md describes their columns."

    def add_arguments(self, parser):
        parser.add_argument("table", choices=list(SHAPES), metavar="TABLE")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--import", dest="file", type=Path, metavar="FILE", help="replace it")
        what.add_argument("--revert", type=int, metavar="VERSION", help="0: built in")
        what.add_argument("--history", action="store_true")
        parser.add_argument("--why", default="", help="kept with the new version")

    def handle(self, *args, **options):
        try:
            self._do(options["table"], options)
        except TableRefused as error:
            raise CommandError(f"{error}. {error.cure}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']}: cannot be read ({error})") from error

    def _do(self, name: str, options: dict) -> None:
        if options["file"]:
            rows = tables.from_csv(name, options["file"].read_text(encoding="utf-8-sig"))
            made = tables.save(name, rows, why=options["why"])
            self.stdout.write(f"{made}: {len(made.rows)} rows")
        elif options["revert"] is not None:
            self.stdout.write(str(tables.revert(name, options["revert"], why=options["why"])))
        elif options["history"]:
            for one in tables.history(name):
                who = one.saved_by.get_username() if one.saved_by else "command line"
                self.stdout.write(f"{one.version}  {one.saved_at:%Y-%m-%d %H:%M}  {who}  {one.why}")
        else:
            sys.stdout.write(tables.to_csv(name, tables.newest(name).rows))
