from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "aicost.runtime"
    default_auto_field = "django.db.models.BigAutoField"
