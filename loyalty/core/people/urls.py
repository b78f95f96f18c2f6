from django.urls import path

from loyalty.core.people import code_pages, company_pages, pages, people_pages, you_pages

urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign-in"),
    # These three names are those that allauth asks for.
    path("sign-in/code/", code_pages.code, name="mfa_authenticate"),
    path("sign-in/with/<slug:provider_id>/", company_pages.begin, name="openid_connect_login"),
    path("sign-in/with/<slug:provider_id>/callback/", company_pages.come_back, name="openid_connect_callback"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("welcome/<str:uid>/<str:token>/", people_pages.welcome, name="welcome"),
    path("settings/", you_pages.you, name="settings"),
    path("settings/sign-out-elsewhere", you_pages.sign_out_elsewhere, name="sign-out-elsewhere"),
    path("settings/second-factor/", code_pages.set_up, name="second-factor"),
    path("settings/second-factor/recovery-codes/", code_pages.recovery_codes, name="recovery-codes"),
    path(
        "settings/people/<int:person_id>/second-factor", people_pages.reset_second_factor, name="person-second-factor"
    ),
    path("settings/people/<int:person_id>/company", people_pages.unlink, name="person-company"),
    path("settings/people/", people_pages.people, name="people"),
    path("settings/people/invite/", people_pages.invite, name="person-invite"),
    path("settings/people/<int:person_id>/", people_pages.person, name="person"),
    path("settings/people/<int:person_id>/deactivate", people_pages.deactivate, name="person-deactivate"),
    path("settings/people/<int:person_id>/reactivate", people_pages.reactivate, name="person-reactivate"),
    path("settings/people/<int:person_id>/link", people_pages.link, name="person-link"),
]
