from django.apps import AppConfig


class HappeningsConfig(AppConfig):
    name = "aicost.happenings"
    default_auto_field = "django.db.models.BigAutoField"
