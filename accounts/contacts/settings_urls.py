from django.urls import path

from accounts.contacts import retention_pages

urlpatterns = [path("", retention_pages.retention, name="settings-retention")]
