"""Addresses of what is sent."""

from django.urls import path

from aicost.notify.pages import channels, digests, ending, hooks, listing, routes, sent

urlpatterns = [
    path("reports/", listing.page, name="reports"),
    path("reports/mine/", listing.mine, name="alerts_mine"),
    path("reports/digests/add/", digests.add, name="digest_add"),
    path("reports/digests/<int:schedule_id>/", digests.look, name="digest_preview"),
    path("reports/digests/<int:schedule_id>/mail/", digests.mail, name="digest_mail"),
    path("reports/digests/<int:schedule_id>/edit/", digests.edit, name="digest_edit"),
    path("reports/digests/<int:schedule_id>/test/", digests.test, name="digest_test"),
    path("reports/digests/<int:schedule_id>/pause/", digests.switch, name="digest_pause"),
    path("reports/digests/<int:schedule_id>/end/", digests.finish, name="digest_end"),
    path("reports/routes/add/", routes.add, name="route_add"),
    path("reports/routes/<int:route_id>/", routes.edit, name="route_edit"),
    path("reports/routes/<int:route_id>/pause/", routes.switch, name="route_pause"),
    path("reports/routes/<int:route_id>/end/", routes.finish, name="route_end"),
    path("reports/channels/add/<slug:kind_name>/", channels.add, name="channel_add"),
    path("reports/channels/<int:channel_id>/", channels.edit, name="channel_edit"),
    path("reports/channels/<int:channel_id>/test/", channels.test, name="channel_test"),
    path("reports/channels/<int:channel_id>/pause/", channels.switch, name="channel_pause"),
    path("reports/channels/<int:channel_id>/end/", channels.finish, name="channel_end"),
    path("reports/webhooks/", hooks.listing, name="webhooks"),
    path("reports/webhooks/add/", hooks.new, name="webhook_add"),
    path("reports/webhooks/<int:endpoint_id>/", hooks.look, name="webhook"),
    path("reports/webhooks/<int:endpoint_id>/edit/", hooks.edit, name="webhook_edit"),
    path("reports/webhooks/<int:endpoint_id>/test/", hooks.test, name="webhook_test"),
    path("reports/webhooks/<int:endpoint_id>/pause/", hooks.pause, name="webhook_pause"),
    path("reports/webhooks/<int:endpoint_id>/secret/", hooks.secret, name="webhook_secret"),
    path("reports/webhooks/<int:endpoint_id>/replay/", hooks.replay, name="webhook_replay"),
    path("reports/webhooks/<int:endpoint_id>/end/", hooks.finish, name="webhook_end"),
    path("reports/webhooks/messages/<int:send_id>/", hooks.message, name="webhook_message"),
    path(
        "reports/webhooks/messages/<int:send_id>/again/",
        hooks.message_again,
        name="webhook_message_again",
    ),
    path("reports/sent/", sent.archive, name="sent"),
    path("reports/sent/<int:send_id>/", sent.one, name="send"),
    path("reports/sent/<int:send_id>/mail/", sent.mail, name="send_mail"),
    path("reports/sent/<int:send_id>/again/", sent.retry, name="send_again"),
    path("reports/sent/<int:send_id>/arrived/", sent.settle, name="send_arrived"),
    path("unsubscribe/<str:token>/", ending.page, name="unsubscribe"),
]
