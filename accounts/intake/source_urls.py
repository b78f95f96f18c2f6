from django.urls import path

from accounts.intake import source_pages

urlpatterns = [path("<int:source_id>/", source_pages.source, name="source")]
