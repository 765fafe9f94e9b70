"""What people keep for themselves and their teams: views of pages."""

from urllib.parse import quote

from django.conf import settings
from django.db import models

from aicost.accounts.models import Team


class SavedView(models.Model):
    """A page in one state, under a name. `query` is canonical and says its period: a preset stays
    relative, whoever opens it. With a `team`, its people see it too."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="views")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.TextField()
    page = models.TextField(help_text="slug of the page")
    path = models.TextField(help_text="its address, without the query")
    query = models.TextField(blank=True, default="")
    pinned = models.BooleanField(default=False, help_text="stands first in the pick")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_name_of_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        return f"{quote(self.path)}?{self.query}"
