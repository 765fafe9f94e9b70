"""Sources, maps, prices and rates in Django's admin. A map edited here re-attributes its days.

Every command reads this when it starts; what a form needs beyond the models is read when one is
sent, since the readers of bills behind it take seconds."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm

from ingest.models import Alias, FxRate, Price, ResourceMap, Source, StorageMap, WorkloadMap


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "final_after_days", "created_at")
    list_filter = ("kind",)


class MapAdmin(admin.ModelAdmin):
    """Both what a row said before and what it says now are marked."""

    def save_model(self, request, obj, form, change) -> None:
        before = type(obj).objects.filter(pk=obj.pk).first()
        if "found" not in form.changed_data and hasattr(obj, "found"):
            obj.found = False  # what somebody edits is theirs from now on
        super().save_model(request, obj, form, change)
        _mark(*(row for row in (before, obj) if row is not None))

    def delete_model(self, request, obj) -> None:
        super().delete_model(request, obj)
        _mark(obj)

    def delete_queryset(self, request, queryset) -> None:
        gone = list(queryset)
        super().delete_queryset(request, queryset)
        _mark(*gone)


def _mark(*rows) -> None:
    from ingest.maps import mark_map_changed

    mark_map_changed(*rows)


@admin.register(ResourceMap)
class ResourceMapAdmin(MapAdmin):
    list_display = ("node", "cluster", "resource_id", "valid_from", "valid_to")
    search_fields = ("node", "resource_id")


@admin.register(WorkloadMap)
class WorkloadMapAdmin(MapAdmin):
    list_display = ("pattern", "cluster", "namespace", "position", "workload", "model", "team")
    search_fields = ("pattern", "workload", "model", "team")


@admin.register(StorageMap)
class StorageMapAdmin(MapAdmin):
    list_display = ("pattern", "bucket", "position", "workload", "model", "team")
    search_fields = ("pattern", "bucket", "workload", "model", "team")


@admin.register(Alias)
class AliasAdmin(MapAdmin):
    list_display = ("dimension", "raw", "canonical", "valid_from", "valid_to")
    list_filter = ("dimension",)
    search_fields = ("raw", "canonical")


class PriceForm(ModelForm):
    """The rules of ingest.prices, said beside the form."""

    def clean(self):
        from ingest.prices import PriceRefused, check_price

        values = super().clean()
        if not self.errors:
            for name, value in values.items():
                setattr(self.instance, name, value)
            try:
                check_price(self.instance)
            except PriceRefused as refusal:
                raise ValidationError(f"{refusal}. {refusal.cure}") from refusal
        return values


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    form = PriceForm
    list_display = ("provider", "model", "token_class", "price", "currency", "basis", "valid_from")
    list_filter = ("basis", "provider")
    search_fields = ("model",)
    exclude = ("changed_by",)

    def save_model(self, request, obj, form, change) -> None:
        from ingest.prices import COLUMNS, save_price

        save_price({name: getattr(obj, name) for name in COLUMNS}, request.user, obj)


@admin.register(FxRate)
class FxRateAdmin(admin.ModelAdmin):
    list_display = ("month", "from_currency", "to_currency", "rate", "origin")
