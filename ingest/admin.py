"""Sources, maps, prices and rates in Django's admin. A map edited here re-attributes its days."""

from django.contrib import admin

from ingest.maps import mark_map_changed
from ingest.models import Alias, FxRate, Price, ResourceMap, Source, WorkloadMap


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
        mark_map_changed(*(row for row in (before, obj) if row is not None))

    def delete_model(self, request, obj) -> None:
        super().delete_model(request, obj)
        mark_map_changed(obj)

    def delete_queryset(self, request, queryset) -> None:
        gone = list(queryset)
        super().delete_queryset(request, queryset)
        mark_map_changed(*gone)


@admin.register(ResourceMap)
class ResourceMapAdmin(MapAdmin):
    list_display = ("node", "cluster", "resource_id", "valid_from", "valid_to")
    search_fields = ("node", "resource_id")


@admin.register(WorkloadMap)
class WorkloadMapAdmin(MapAdmin):
    list_display = ("pattern", "cluster", "namespace", "position", "workload", "model", "team")
    search_fields = ("pattern", "workload", "model", "team")


@admin.register(Alias)
class AliasAdmin(MapAdmin):
    list_display = ("dimension", "raw", "canonical", "valid_from", "valid_to")
    list_filter = ("dimension",)
    search_fields = ("raw", "canonical")


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    list_display = ("provider", "model", "token_class", "price", "currency", "basis", "valid_from")
    list_filter = ("basis", "provider")
    search_fields = ("model",)


@admin.register(FxRate)
class FxRateAdmin(admin.ModelAdmin):
    list_display = ("month", "from_currency", "to_currency", "rate", "origin")
