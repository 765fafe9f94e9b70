from django.core.management.base import BaseCommand, CommandError

from ingest.engines import command
from ingest.sources.base import Unreadable


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Sum a bill by DuckDB or Spark into files to load. Touches no database."

    def add_arguments(self, parser):
        command.add_arguments(parser)

    def handle(self, *args, **options):
        try:
            summed = command.run(options)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(command.told(summed, options["out"]))
