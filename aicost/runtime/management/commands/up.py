from contextlib import suppress

from django.core.management.base import BaseCommand, CommandError

from aicost.runtime.demo_company import DemoFailed
from aicost.runtime.postgres import PostgresFailed
from aicost.runtime.up import HOST, CannotStart, up


class Command(BaseCommand):
    help = "Run the whole product: database, web server, worker and beat, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--demo", action="store_true", help="with the demo company's data")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default=HOST, help="address to listen on")

    def handle(self, demo, port, host, **options):
        try:
            up(port, demo, self._say, host)
        except (CannotStart, DemoFailed, PostgresFailed) as failure:
            raise CommandError(str(failure)) from failure
        except KeyboardInterrupt:  # before the supervisor took over
            self._say("Stopped.")

    def _say(self, line):
        with suppress(OSError):  # the terminal is closed; the processes still have to be ended
            self.stdout.write(line)
            self.stdout.flush()
