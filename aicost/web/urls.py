"""Addresses of the pages. Charts have one address for all pages, and so has the filter menu."""

from django.urls import path

from aicost.web.pages import (
    explore,
    gpus,
    login,
    mapping,
    margin,
    models,
    prices,
    sources,
    target,
    target_edit,
    targets,
    tokens,
    upload,
    why,
)
from aicost.web.pages.filtering import filter_menu
from aicost.web.pages.registry import PAGES
from aicost.web.shell import figure_view, page_view

urlpatterns = [
    path("login/", login.log_in, name="login"),
    path("logout/", login.log_out, name="logout"),
    path("", page_view(PAGES["overview"]), name="overview"),
    path("explore/", explore.page, name="explore"),
    path("explore.csv", explore.csv, name="explore_csv"),
    path("models/", page_view(PAGES["models"]), name="models"),
    path("models/<path:name>/", models.page, name="model"),
    path("gpus/", page_view(PAGES["gpus"]), name="gpus"),
    path("gpus.csv", gpus.csv, name="gpus_csv"),
    path("margin/", page_view(PAGES["margin"]), name="margin"),
    path("margin.csv", margin.csv, name="margin_csv"),
    path("targets/", targets.page, name="targets"),
    path("targets.csv", targets.csv, name="targets_csv"),
    path("targets/import/", target_edit.take_file, name="targets_import"),
    path("targets/edit/<slug:kind>/<path:name>/", target_edit.page, name="target_edit"),
    path("targets/<slug:kind>/<path:name>/", target.page, name="target"),
    path("health/", page_view(PAGES["health"]), name="health"),
    path("why/", why.page, name="why"),
    path("upload/", upload.upload, name="upload"),
    path("upload/<int:job_id>/", upload.upload_job, name="upload_job"),
    path("sources/", sources.listing, name="sources"),
    path("sources/add/", sources.choose, name="source_choose"),
    path("sources/add/<slug:connector_name>/", sources.add, name="source_add"),
    path("sources/test/<slug:connector_name>/", sources.test_form, name="source_test_form"),
    path("sources/map/", mapping.page, name="mapping"),
    path("sources/<int:source_id>/", sources.detail, name="source"),
    path("sources/<int:source_id>/edit/", sources.edit, name="source_edit"),
    path("sources/<int:source_id>/test/", sources.test, name="source_test"),
    path("sources/<int:source_id>/run/", sources.run, name="source_run"),
    path("sources/<int:source_id>/pause/", sources.pause, name="source_pause"),
    path("prices/", prices.page, name="prices"),
    path("prices/<int:price_id>/", prices.page, name="price"),
    path("prices/<int:price_id>/end/", prices.end, name="price_end"),
    path("tokens/", tokens.page, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="token_revoke"),
    path("figures/<slug:page>/<slug:panel>.json", figure_view(PAGES), name="figure"),
    path("filter/<slug:dimension>/", filter_menu, name="filter"),
]
