"""Settings. Everything that differs between machines comes from the environment.

Set nothing and the application runs on its own PostgreSQL and broker
(`loyalty.engines`). In production set DATABASE_URL, REDIS_URL, SECRET_KEY and
ALLOWED_HOSTS.
"""

import os
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF

from loyalty import engines

BASE_DIR = Path(__file__).resolve().parent.parent
located = engines.locate()

DEBUG = os.environ.get("DEBUG", "") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY") or located.secret_key
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "bootstrap",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "loyalty",
    "loyalty.core",
    "accounts",
    "rewards",
    "loyalty.programme",
]

MIDDLEWARE = [
    "loyalty.core.availability.AvailabilityMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "loyalty.core.api_lane.ApiLaneMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "loyalty.core.shell.context.shell",
            ],
            "builtins": ["loyalty.core.templatetags.display"],
        },
    }
]

DATABASES = {"default": located.database}
REDIS_URL = located.redis_url

AUTH_USER_MODEL = "core.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

# How signing in goes on once the password, or the identity provider, was right: by the stages of allauth.
ACCOUNT_ADAPTER = "loyalty.core.people.sign_in_adapter.SignInAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator sets the addresses
ACCOUNT_LOGIN_TIMEOUT = 300
MFA_ADAPTER = "loyalty.core.people.second_factor_adapter.SecondFactorAdapter"
MFA_TOTP_ISSUER = "Loyalty"
# Clocks of telephones differ: the code before and the code after are taken too.
MFA_TOTP_TOLERANCE = 1
# Where allauth remembers which codes and which words of an identity provider were used: in PostgreSQL,
# so that all processes know, and an emptied broker forgets nothing. Nothing else is cached.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_used_once",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# Signing in through the company's own identity provider, where one is named. Whoever it vouches for
# must have been invited here; it makes nobody.
OIDC_SERVER_URL = os.environ.get("OIDC_SERVER_URL", "")
SOCIALACCOUNT_ADAPTER = "loyalty.core.people.company_adapter.CompanyAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "company",
                "name": os.environ.get("OIDC_NAME") or "your company",
                "client_id": os.environ.get("OIDC_CLIENT_ID", ""),
                "secret": os.environ.get("OIDC_CLIENT_SECRET", ""),
                "settings": {
                    "server_url": OIDC_SERVER_URL,
                    "oauth_pkce_enabled": True,
                    # Some providers never say whether an address is verified, since they gave it themselves.
                    "verified_email": os.environ.get("OIDC_EMAIL_IS_VERIFIED", "") == "1",
                },
            }
        ]
        if OIDC_SERVER_URL
        else []
    }
}

# Sessions live in PostgreSQL: an emptied broker must not sign people out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
INSECURE_COOKIES = os.environ.get("INSECURE_COOKIES", "1" if located.embedded else "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not INSECURE_COOKIES
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = os.environ.get("SECURE_SSL_REDIRECT", "") == "1"
if os.environ.get("BEHIND_TLS_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
CSRF_FAILURE_VIEW = "loyalty.core.shell.pages.csrf_failure"

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
# Where collectstatic puts the files, in production. Unset, they are served from the
# packages themselves, and no folder has to be there.
STATIC_ROOT = os.environ.get("STATIC_ROOT")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# How many requests a second one key or signing source may send to /v1/ and /webhooks/,
# and for how many seconds it may have saved up; 0 a second is no limit.
INTAKE_QUOTA_A_SECOND = int(os.environ.get("INTAKE_QUOTA_A_SECOND", "1000"))
INTAKE_BURST_SECONDS = 10

# Money: one reporting currency; caps and liability are shown in it.
REPORTING_CURRENCY = os.environ.get("REPORTING_CURRENCY", "USD")
# Where billing is asked; only whoever runs the application sets another, for a stand-in in a test.
STRIPE_API = os.environ.get("STRIPE_API") or "https://api.stripe.com"
# Where the application stands for people outside of it: what letters lead to.
PUBLIC_ADDRESS = os.environ.get("PUBLIC_ADDRESS") or "http://localhost:8000"
# Mail goes out only where a server is named.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "1") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "Loyalty <loyalty@localhost>"
MAIL_IS_SET_UP = bool(EMAIL_HOST)
# The version of the privacy policy that contacts are shown with the quiz: a short name.
PRIVACY_POLICY_VERSION = os.environ.get("PRIVACY_POLICY_VERSION", "1")
COMPANY_TIME_ZONE = os.environ.get("COMPANY_TIME_ZONE", "UTC")
# The role that the application runs as. When it is not the owner of the tables,
# migrations give it everything but the right to rewrite audit and ledger.
DATABASE_APP_ROLE = os.environ.get("DATABASE_APP_ROLE", "loyalty_app" if located.embedded else "")

CELERY_BROKER_URL = located.celery_broker_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "retry_on_timeout": True,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"

# How often the beat rings for whatever waits in PostgreSQL; a process rings at most ten times as often.
DOORBELL_SECONDS = float(os.environ.get("DOORBELL_SECONDS", "5"))
CELERY_BEAT_SCHEDULER = "loyalty.core.doorbell.schedule:RingingScheduler"
# The beat only rings; two beats ring twice and harm nothing. A ring that nobody takes stays,
# alone of its kind, so that whoever comes back begins at once.
CELERY_BEAT_SCHEDULE = {
    "react": {"task": "loyalty.react", "schedule": DOORBELL_SECONDS},
    "jobs": {"task": "loyalty.jobs", "schedule": DOORBELL_SECONDS},
    "notices": {"task": "loyalty.notices", "schedule": DOORBELL_SECONDS},
    "webhooks": {"task": "loyalty.webhooks", "schedule": DOORBELL_SECONDS},
    "seal": {"task": "loyalty.seal", "schedule": crontab(minute="*/10")},
    "changes": {"task": "loyalty.changes", "schedule": crontab(minute="*/10")},
    "sweep": {"task": "loyalty.sweep", "schedule": crontab(hour="0", minute="10")},
    "heartbeat": {"task": "loyalty.heartbeat", "schedule": DOORBELL_SECONDS},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # It tells of every request, and so do the logs of what was asked.
    "loggers": {"stripe": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
