from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aicost.runtime.postgres import Embedded, PostgresFailed


class Command(BaseCommand):
    help = "The embedded Postgres: start it, stop it, print its URL."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("action", choices=["start", "stop", "url"])

    def handle(self, action, **options):
        embedded = Embedded(settings.AICOST_HOME)
        try:
            self.stdout.write(act(embedded, action))
        except (PostgresFailed, FileNotFoundError) as failure:
            raise CommandError(str(failure)) from failure


def act(embedded: Embedded, action: str) -> str:
    """Do it and say what was done; `url` says only the URL."""
    if action == "start":
        return "started" if embedded.start() else "it runs already"
    if action == "stop":
        return "stopped" if embedded.stop() else "it was not running"
    return embedded.url()
