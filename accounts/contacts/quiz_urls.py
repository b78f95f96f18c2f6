from django.urls import path

from accounts.contacts import quiz_pages

urlpatterns = [path("<str:token>/", quiz_pages.quiz_page, name="quiz")]
