from django.urls import path

from accounts.contacts import pages

urlpatterns = [
    path("<int:contact_id>/", pages.contact, name="contact"),
    path("<int:contact_id>/role", pages.role, name="contact-role"),
    path("<int:contact_id>/consent", pages.consent, name="contact-consent"),
    path("<int:contact_id>/quiz-link", pages.quiz_link, name="contact-quiz-link"),
    path("<int:contact_id>/erase", pages.erase, name="contact-erase"),
    path("<int:contact_id>/export", pages.export, name="contact-export"),
]
