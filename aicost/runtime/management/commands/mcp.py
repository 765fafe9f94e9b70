from django.core.management.base import BaseCommand, CommandError

from aicost.api.mcp.stdio import TOKEN_VARIABLE, NobodyAsks, serve


class Command(BaseCommand):
    help = "Answer an MCP client over stdin and stdout (docs/mcp.md)."
    requires_system_checks = ()  # a client waits for the start

    def add_arguments(self, parser):
        told = f"answer as this user would see it; else as the one of the token in {TOKEN_VARIABLE}"
        parser.add_argument("--user", default="", metavar="NAME", help=told)

    def handle(self, user, **options):
        try:
            serve(user)
        except NobodyAsks as error:
            raise CommandError(str(error)) from error
