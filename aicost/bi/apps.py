from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BiConfig(AppConfig):
    name = "aicost.bi"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        post_migrate.connect(_install, sender=self, dispatch_uid="aicost.bi")


def _install(sender, using="default", **told):
    """After `migrate`, when nothing is left to migrate; not after a flush, which tells no plan."""
    from aicost.bi.install import install, is_migrated

    if using == "default" and "plan" in told and is_migrated():
        install()
