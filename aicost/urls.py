"""All addresses of the product."""

from django.contrib import admin
from django.urls import include, path

from aicost.metrics.view import metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("metrics", metrics),
    path("", include("aicost.api.urls")),
    path("", include("aicost.notify.urls")),
    path("", include("aicost.web.urls")),
]
