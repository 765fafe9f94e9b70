from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "aicost.files"
    label = "files"
    default_auto_field = "django.db.models.BigAutoField"
