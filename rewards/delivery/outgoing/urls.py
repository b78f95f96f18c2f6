from django.urls import path

from rewards.delivery.outgoing import pages

urlpatterns = [
    path("", pages.webhooks, name="webhooks"),
    path("new", pages.new, name="endpoint-new"),
    path("<int:endpoint_id>/", pages.endpoint, name="endpoint"),
    path("<int:endpoint_id>/edit", pages.edit, name="endpoint-edit"),
    path("<int:endpoint_id>/pause", pages.pause, name="endpoint-pause"),
    path("<int:endpoint_id>/resume", pages.resume, name="endpoint-resume"),
    path("<int:endpoint_id>/secrets", pages.new_secret, name="endpoint-secret-new"),
    path("secrets/<int:secret_id>/revoke", pages.revoke_secret, name="endpoint-secret-revoke"),
    path("deliveries/<int:delivery_id>/", pages.delivery, name="delivery"),
    path("deliveries/<int:delivery_id>/again", pages.send_again, name="delivery-again"),
]
