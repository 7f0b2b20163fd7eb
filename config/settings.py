"""One settings file; what differs between machines comes from the environment through `config.env`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import font_manrope
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import bootstrap, env, mail, platforms, secrets

BASE_DIR = Path(__file__).resolve().parent.parent
# Servers' data, spool files, generated secrets of an installation without an environment of its own.
HOME = bootstrap.home()

# ---------------------------------------------------------------------------------------------------------- addresses
SITE_URL = env.origin("SITE_URL", "http://localhost:8000")
_site = urlsplit(SITE_URL)
IS_LOCAL = _site.hostname in {"localhost", "127.0.0.1"}
IS_HTTPS = _site.scheme == "https"
if not (IS_LOCAL or IS_HTTPS):
    raise ImproperlyConfigured(f"SITE_URL is {SITE_URL}; outside this machine the service must be reached by https.")
# `accounts.hosts` answers 421 for a host that no agency owns, before anything else runs.
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=IS_HTTPS)
# How many proxies of ours add to X-Forwarded-For: what stands before their entries was written by the sender.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("PROXY_COUNT", 1 if BEHIND_PROXY else 0)

# ------------------------------------------------------------------------------------------------------------ secrets
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = secrets.value("SECRET_KEY", HOME, may_generate=IS_LOCAL)
# Newest first; older keys still decrypt. See `accounts.vault`.
CREDENTIAL_KEYS = secrets.fernet_keys("CREDENTIAL_KEYS", HOME, may_generate=IS_LOCAL)

# --------------------------------------------------------------------------------------------------------------- apps
SHARED_APPS = [
    "jobs",
    # Before `accounts`, which takes their models out of the admin again.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts",
    "campaigns.rates",
    "campaigns.standings",
    "reports",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "config.admin.SuperuserAdminConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]
TENANT_APPS = ["campaigns", "kpis", "reports.archive"]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
TENANT_MODEL = "accounts.Client"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "accounts.references.Referenced",
    "accounts.hosts.KnownHosts",
    "django.middleware.security.SecurityMiddleware",
    "config.compression.CompressedText",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.caching.KeptNowhere",
    "accounts.devices.NoDevices",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sign_in.language.PersonsLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sign_in.sessions.TrackSessions",
    "accounts.identity.TokenIdentity",
    "accounts.sign_in.second_factor.RequireSecondFactor",
    "accounts.gate.Gate",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "accounts.brand.context",
                "accounts.navigation.context",
                "reports.agency.checklist_views.context",
            ]
        },
    }
]

# ----------------------------------------------------------------------------------------------------------- database
DATABASES = {
    "default": {
        "ENGINE": "accounts.tenancy.backend",
        **(env.database("DATABASE_URL") if env.is_set("DATABASE_URL") else {"NAME": "unset"}),
    }
}
# Named cursors live on one connection of the server, and behind a transaction pooler the next transaction is on another. Prepared
# statements would too: Django has psycopg make none.
TRANSACTION_POOLER = {"TRANSACTION_POOLER": True, "DISABLE_SERVER_SIDE_CURSORS": True}
_has_pool, _is_behind_pooler = env.flag("DATABASE_POOL", default=False), env.one_of("DATABASE_POOLER", ("none", "transaction")) != "none"
if _has_pool and _is_behind_pooler:
    raise ImproperlyConfigured("DATABASE_POOL and DATABASE_POOLER are both set; one pool is enough.")
if _is_behind_pooler:
    DATABASES["default"] |= TRANSACTION_POOLER
if _has_pool:
    _size = env.integer("DATABASE_POOL_SIZE", 8, minimum=1)
    # A connection's memory grows with every client it has visited, and is given back only with the connection.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": _size, "max_lifetime": 300}
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": env.integer("CONN_MAX_AGE", 60), "CONN_HEALTH_CHECKS": True}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
# One SET per change of client, not one per query; the backend raises when it fails.
TENANT_LIMIT_SET_CALLS = True

# -------------------------------------------------------------------------------------------------------------- cache
# In the database: shared by all processes, so that a limit on attempts is one limit; emptied with a client's other rows.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "KEY_FUNCTION": "accounts.tenancy.cache.key",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -------------------------------------------------------------------------------------------------------------- queue
JOB_PICK_UP_SECONDS = env.integer("JOB_PICK_UP_SECONDS", 60, minimum=1)
JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 30, minimum=2)
CELERY_BROKER_URL = env.broker("BROKER_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Three queues: a slow platform keeps workers busy for minutes, and must keep neither ticks nor reports waiting.
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"tick": {}, "work": {}, "pulls": {}}
CELERY_TASK_ROUTES = {"tick": {"queue": "tick"}}
# A tick that could not run within its second is worthless: the next one does its work.
CELERY_BEAT_SCHEDULE = {"tick": {"task": "tick", "schedule": 1.0, "options": {"expires": 5}}}

# ----------------------------------------------------------------------------------------------------------- sign-in
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Whoever makes an account vouches for its address; a new address is confirmed before it replaces the old one.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
# Counted in the cache, which all processes share. `key` is the address that was typed, known or not.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/15m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/h/user",
    "confirm_email": "1/3m/key",
    "share_password": "10/m/ip,5/5m/key",
}
ACCOUNT_FORMS = {
    "login": "accounts.sign_in.forms.SignInForm",
    "add_email": "accounts.sign_in.forms.NewAddressForm",
    "change_password": "accounts.sign_in.forms.ChangePasswordForm",
    "set_password": "accounts.sign_in.forms.SetPasswordForm",
    "reset_password": "accounts.sign_in.forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.sign_in.forms.NewPasswordForm",
    "reauthenticate": "accounts.sign_in.forms.PasswordAgainForm",
}
MFA_ADAPTER = "accounts.sign_in.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A pending new address counts for nothing until it is confirmed, and must not keep a second factor away.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Codes typed late, and telephones a little slow. `accounts.sign_in.forms` sees to it that none works twice.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "accounts.sign_in.forms.CodeForm",
    "reauthenticate": "accounts.sign_in.forms.CodeAgainForm",
    "activate_totp": "accounts.sign_in.forms.FirstCodeForm",
    "add_webauthn": "accounts.sign_in.forms.NewPasskeyForm",
    "edit_webauthn": "accounts.sign_in.forms.RenamePasskeyForm",
    "login_webauthn": "accounts.sign_in.forms.PasskeySignInForm",
    "authenticate_webauthn": "accounts.sign_in.forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.sign_in.forms.PasskeyAgainForm",
}
USERSESSIONS_TRACK_ACTIVITY = True

# ---------------------------------------------------------------------------------------------------------- transport
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
# A form may name every client of a large agency.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
SESSION_COOKIE_NAME = "vigie_session"
SESSION_ENGINE = "accounts.sign_in.sessions"
CSRF_COOKIE_NAME = "vigie_csrf"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
# For the default host alone; see `accounts.hosts`.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# ----------------------------------------------------------------------------------------------------- words and time
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LANGUAGE_COOKIE_NAME = "vigie_language"
LOCALE_PATHS = [BASE_DIR / "locale"]

# -------------------------------------------------------------------------------------------------------------- files
STATIC_URL = "/static/"
_static_root = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "config" / "static", ("fonts", Path(font_manrope.__file__).parent / "files")]
_collected = (_static_root / "staticfiles.json").exists()
STATIC_ROOT = _static_root if _collected or "collectstatic" in sys.argv else None
# Until `collectstatic` has run, files are served from where they lie.
WHITENOISE_USE_FINDERS = not _collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --------------------------------------------------------------------------------------------------------------- mail
MAIL_PROVIDER = mail.provider()
EMAIL_BACKEND = mail.backend(MAIL_PROVIDER)
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", 30, minimum=1)
ANYMAIL = mail.settings(MAIL_PROVIDER, EMAIL_TIMEOUT)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Vigie <reports@localhost>")

# Domains that an agency may send from, by its short name: whoever runs this says so, once the domain lets this service's mail server.
SENDER_DOMAINS = env.domains("SENDER_DOMAINS")

# ---------------------------------------------------------------------------------------------------------- platforms
PLATFORMS = platforms.from_environment()
# Tests have endpoints of their own on this machine; elsewhere nothing but the public internet is told anything.
WEBHOOKS_TO_LOOPBACK = False

# ------------------------------------------------------------------------------------------------------------ imports
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_MB", 200, minimum=1) * 2**20

# ---------------------------------------------------------------------------------------------------------------- API
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsers.Json"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Vigie API",
    "VERSION": "1",
    "DESCRIPTION": "Marketing figures of the client companies you may see.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "accounts.openapi.describe_refusals"],
}

# --------------------------------------------------------------------------------------------------------- operations
# What whoever reads `/metrics` must show; without it they are for this machine alone.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"reference": {"()": "accounts.references.InLog"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(reference)s%(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["reference"]}},
    "root": {"handlers": ["console"], "level": env.one_of("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"))},
    # httpx logs whole URLs at INFO, and some platforms carry tokens in them.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
