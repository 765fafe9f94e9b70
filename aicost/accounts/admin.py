"""People, teams and the audit trail in the admin; the trail can be read and nothing else."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from aicost.accounts.models import AuditEvent, Team, User


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ("username", "first_name", "last_name", "role", "sees_all_teams", "is_active")
    list_filter = ("role", "is_active")
    fieldsets = (*UserAdmin.fieldsets, ("Scope", {"fields": ("role", "sees_all_teams", "teams")}))
    filter_horizontal = (*UserAdmin.filter_horizontal, "teams")


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ("at", "user", "action", "subject")
    list_filter = ("action",)
    readonly_fields = ("at", "user", "action", "subject", "detail")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
