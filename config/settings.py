"""The settings: the only place that reads the `ZIZHI_` variables.

`.env` beside `manage.py` (made by `make setup`, never committed) supplies what the environment
lacks. An invalid value stops the start with the variable's name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import chinese_calendar
import environ
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from config.database import broker_options, with_options
from config.environment import (
    at_least,
    needs_package,
    not_in_public,
    one_of,
    read_contacts,
    read_endpoint,
    read_instant,
    read_languages,
    read_rate,
    read_required,
    read_share,
    read_yuan,
    site_url,
    sms_templates,
)
from config.rounds import PROMPT, QUEUES, ROUTES, beat_schedule
from events.core.sealing import key_from
from verification.rules.policy import POLICIES
from verification.rules.working_hours import Hours, NotHours

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- What has to be told --------------------------------------------------------------------------
SECRET_KEY = read_required("ZIZHI_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("ZIZHI_SECRET_KEYS_RETIRED", default=[])
"""Earlier keys. What they signed is still accepted."""
DATA_KEY = read_required("ZIZHI_DATA_KEY")
"""32 bytes in base64: encrypts stored documents (AES-256-GCM)."""
DATA_KEYS_RETIRED = env.list("ZIZHI_DATA_KEYS_RETIRED", default=[])
"""Other keys that open what they encrypted (docs/operating/keys.md)."""
INDEX_KEY: str = env.str("ZIZHI_INDEX_KEY", default="")
"""32 bytes in base64: the key of blind indexes, which never changes. Without it, the data key is
used, as before this setting existed.
"""
if not INDEX_KEY and DATA_KEYS_RETIRED:
    raise ImproperlyConfigured(
        "ZIZHI_INDEX_KEY is not set, although ZIZHI_DATA_KEYS_RETIRED is. Set it to the first"
        " ZIZHI_DATA_KEY that this database was used with (docs/operating/keys.md)."
    )
INDEX_KEY = INDEX_KEY or DATA_KEY
INDEX_KEYS_FORMER = env.list("ZIZHI_INDEX_KEYS_FORMER", default=[])
"""Earlier data keys that blind indexes were made with while there was no index key."""
for _key in (DATA_KEY, *DATA_KEYS_RETIRED, INDEX_KEY, *INDEX_KEYS_FORMER):
    key_from(_key)

# --- What has a safe default ----------------------------------------------------------------------
DEBUG = env.bool("ZIZHI_DEBUG", default=False)
VAR_DIR = Path(env.str("ZIZHI_VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
"""Everything that this deployment writes by default: database, documents, messages."""
SITE_URL = site_url("ZIZHI_SITE_URL")
"""Empty only in commands: the service does not start without it (`check_service`)."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_TRYING_OUT = urlsplit(SITE_URL).hostname in LOCAL_HOSTS
"""A local address allows some conveniences that a deployment must not have."""
_PUBLIC = bool(SITE_URL) and not _TRYING_OUT
ALLOWED_HOSTS = env.list("ZIZHI_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if _TRYING_OUT and (
    _elsewhere := [host for host in ALLOWED_HOSTS if host.strip("[]") not in LOCAL_HOSTS]
):
    raise ImproperlyConfigured(
        f"ZIZHI_SITE_URL is {SITE_URL}, for trying out on this machine. This is not allowed with"
        f" ZIZHI_ALLOWED_HOSTS {','.join(_elsewhere)}."
    )
if DEBUG and _PUBLIC:
    raise not_in_public("ZIZHI_DEBUG is on", SITE_URL)
HTTPS = env.bool("ZIZHI_HTTPS", default=not (_TRYING_OUT and SITE_URL.startswith("http:")))

# `/.well-known/security.txt` (RFC 9116) is served if its two required fields are set.
SECURITY_CONTACTS = read_contacts("ZIZHI_SECURITY_CONTACT")
SECURITY_EXPIRES = read_instant("ZIZHI_SECURITY_EXPIRES")
SECURITY_LANGUAGES = read_languages("ZIZHI_SECURITY_LANGUAGES", default=["zh", "en"])

DATABASES = {
    "default": with_options(
        env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'zizhi.sqlite3'}"),
        conn_max_age=env.int("ZIZHI_DATABASE_CONN_MAX_AGE", default=600),
    )
}
"""SQLite ignores the age of connections."""

# --- Applications ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.ConsoleConfig",  # django.contrib.admin, with our site
    "employers",  # before auth, so that its createsuperuser and changepassword are ours
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ninja",  # the API's interactive pages, served from our host
    "events",
    "verification",
    "downloads",
    "config.apps.Config",
]
MIDDLEWARE = [
    "config.edge.Edge",
    "django.middleware.security.SecurityMiddleware",
    "config.api.door.ApiDoor",
    "config.for_pages.RequestId",
    "config.for_pages.ContentSecurity",
    "config.for_pages.StaticFiles",
    "config.for_pages.Sessions",
    "config.for_pages.Language",
    "django.middleware.common.CommonMiddleware",
    "config.for_pages.BodyLimit",
    "config.for_pages.Forgery",
    "config.for_pages.Authentication",
    "config.for_pages.Messages",
    "config.for_pages.Frames",
]
# Django's checks look for the names of its CSRF and frame middleware. Ours inherit from them.
# Several accounts may name one address; the backend accepts only the one that confirmed it. W021
# asks for HSTS preloading, which is up to the owner of the whole domain.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003", "security.W021", "auth.W004"]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "downloads.pages.restriction.restriction_notice",
                "downloads.pages.erasures.views.owed_erasures",
                "config.trying_out.pages.mails_to_try",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People and sessions --------------------------------------------------------------------------
AUTH_USER_MODEL = "employers.User"
AUTHENTICATION_BACKENDS = [
    "employers.security.backends.AddressBackend",
    "employers.security.backends.OnboardingBackend",
    "django.contrib.auth.backends.ModelBackend",  # for sessions from before the other two
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "employers.security.password_rules.Guessable"},
    {"NAME": "employers.security.password_rules.Leaked"},
]
LEAKED_PASSWORDS = env.str("ZIZHI_LEAKED_PASSWORDS", default="")
"""A service with the range interface of Have I Been Pwned. Empty: nobody is asked."""
if LEAKED_PASSWORDS:
    LEAKED_PASSWORDS = read_endpoint("ZIZHI_LEAKED_PASSWORDS", "")
LOGIN_URL = "employers:sign_in"
LOGIN_REDIRECT_URL = "verification:home"
LOGOUT_REDIRECT_URL = "employers:welcome"
COOKIE_PREFIX = "__Host-" if HTTPS else ""
"""Browsers accept such a cookie only from this very host over HTTPS, so another host of the same
domain cannot set it.
"""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
"""By default, Django keeps them in a cookie, readable for whoever has the browser."""
SESSION_IDLE = timedelta(minutes=at_least("ZIZHI_SESSION_IDLE_MINUTES", 5, default=120))
"""After this time without a request, recruiters sign in again."""
SESSION_LONGEST = timedelta(hours=at_least("ZIZHI_SESSION_HOURS", 1, default=12))
"""After this time, recruiters sign in again in any case. Staff have limits of their own
(`employers.security.console_session`).
"""
SESSION_COOKIE_AGE = int((SESSION_LONGEST + timedelta(hours=12)).total_seconds())
"""Longer than any sign-in lasts, so that people who come back learn why they have to sign in
again.
"""
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^api/v1/(?!docs$)"]
"""The API refuses plain HTTP (`config.api.door`). A redirect would hide that a key was sent over
it.
"""
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
_BEHIND_PROXY = env.bool("ZIZHI_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _BEHIND_PROXY else None
PROXIES = at_least("ZIZHI_PROXIES", int(_BEHIND_PROXY), default=int(_BEHIND_PROXY))
"""How many proxies of ours append to `X-Forwarded-For`. 0: it is ignored."""
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_VERIFICATION_TIMEOUT = 3 * 24 * 3600

# --- Staff (docs/operating/staff.md) --------------------------------------------------------------
STAFF_SECOND_FACTOR = one_of("ZIZHI_STAFF_SECOND_FACTOR", ("required", "optional"), "required")
"""`required`: staff need a second factor to enter the console. `optional`, for trying out: only
those who have set one up.
"""
if STAFF_SECOND_FACTOR == "optional" and _PUBLIC:
    raise not_in_public("ZIZHI_STAFF_SECOND_FACTOR is optional", SITE_URL)

STAFF_READS_PER_HOUR = at_least("ZIZHI_STAFF_READS_PER_HOUR", 1, default=40)
"""If one member of staff reads about more employers than this in an hour, outside of claimed cases
or in cases that they claim and do not decide, the superusers get a mail.
"""

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "object-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
FORMAT_MODULE_PATH = "config.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env.str("ZIZHI_TIME_ZONE", default="Asia/Shanghai")

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "staticfiles"
DOCUMENTS_DIR = VAR_DIR / "documents"
STORAGES = {
    "default": {"BACKEND": "verification.cases.storage.EncryptedStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOAD_MAX_BYTES = env.int("ZIZHI_UPLOAD_MAX_BYTES", default=20 * 1024 * 1024)
UPLOAD_MAX_PIXELS = env.int("ZIZHI_UPLOAD_MAX_PIXELS", default=40_000_000)
UPLOAD_MAX_PAGES = env.int("ZIZHI_UPLOAD_MAX_PAGES", default=8)
UPLOADS_PER_DAY = at_least("ZIZHI_UPLOADS_PER_DAY", 1, default=60)
"""How many files an account may upload in a day, and twice as many its employer. Clients' letters
are counted apart.
"""
CLIENT_LETTERS_PER_DAY = at_least("ZIZHI_CLIENT_LETTERS_PER_DAY", 1, default=300)
"""How many clients' letters an account of an agency may upload in a day, and twice as many its
employer.
"""
UNCONFIRMED_UPLOADS = at_least("ZIZHI_UNCONFIRMED_UPLOADS", 1, default=12)
"""How many files an account may upload in a day before its address is confirmed. They are stored
but not opened until then.
"""
WITHDRAWN_KEPT_DAYS = at_least("ZIZHI_WITHDRAWN_KEPT_DAYS", 1, default=7)
"""How many days the documents of a withdrawn draft, and uploads whose address was never confirmed,
are kept before they are erased.
"""
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
"""The longest body in bytes, except where a view takes files (`config.for_pages.BodyLimit`)."""
FILE_UPLOAD_HANDLERS = ["verification.intake.upload_handler.RefusingUploadHandler"]
SANDBOX_REQUIRED = (
    one_of("ZIZHI_SANDBOX", ("required", "optional"), "optional" if _TRYING_OUT else "required")
    == "required"
)
"""Whether uploads wait if nothing on this machine can confine the process that opens them. When
trying out they are opened with limits alone.
"""
CLAMD_ADDRESS: str = env.str("ZIZHI_CLAMD", default="")
"""`unix:/path` or `tcp:host:port` of a clamd. Empty: no virus scanner, and the scan finding says
so.
"""

# --- A cloud's last look at a licence (docs/operating/readers.md): off unless chosen --------------
CLOUD_READER = one_of("ZIZHI_CLOUD_READER", ("tencent", ""), "")
"""`tencent`: pages that cannot be read locally go to Tencent Cloud. Empty: no picture is sent
elsewhere.
"""
TENCENT_SECRET_ID: str = env.str("ZIZHI_TENCENT_SECRET_ID", default="")
TENCENT_SECRET_KEY: str = env.str("ZIZHI_TENCENT_SECRET_KEY", default="")
TENCENT_REGION: str = env.str("ZIZHI_TENCENT_REGION", default="ap-guangzhou")
TENCENT_ENDPOINT = read_endpoint("ZIZHI_TENCENT_ENDPOINT", "https://ocr.tencentcloudapi.com")
if bool(TENCENT_SECRET_ID) != bool(TENCENT_SECRET_KEY):
    _missing = "ZIZHI_TENCENT_SECRET_KEY" if TENCENT_SECRET_ID else "ZIZHI_TENCENT_SECRET_ID"
    raise ImproperlyConfigured(f"{_missing} is not set. Tencent Cloud needs both an id and a key.")
if TENCENT_SECRET_ID:
    needs_package("ZIZHI_TENCENT_SECRET_ID", "tencentcloud", "tencent")
if CLOUD_READER and not TENCENT_SECRET_ID:
    raise ImproperlyConfigured(
        f"ZIZHI_CLOUD_READER is {CLOUD_READER!r}: ZIZHI_TENCENT_SECRET_ID and"
        " ZIZHI_TENCENT_SECRET_KEY are not set."
    )

# --- The company registers that are asked (docs/operating/registers.md) ---------------------------
REGISTRY = one_of("ZIZHI_REGISTRY", ("snapshot", "tencent", "both"), "snapshot")
"""`snapshot`: the table filled by `import_registry`. `tencent`: the service. `both`: the table
first, the service as a second source.
"""
if REGISTRY != "snapshot" and not TENCENT_SECRET_ID:
    raise ImproperlyConfigured(
        f"ZIZHI_REGISTRY is {REGISTRY!r}: ZIZHI_TENCENT_SECRET_ID and ZIZHI_TENCENT_SECRET_KEY are"
        " not set."
    )

# --- Policies -------------------------------------------------------------------------------------
SHADOW_POLICY = one_of("ZIZHI_SHADOW_POLICY", (*POLICIES, ""), "")
"""The version of a policy that runs beside the live one without deciding. Empty: none."""

# --- Working hours: by them the reviewers' deadlines run ------------------------------------------
_FIRST_LISTED: Final = 2026
"""Earlier dates would change the stored keys of positions in the queue."""


def _listed(days: Iterable[date]) -> str:
    """Return `days` in the format of `ZIZHI_HOLIDAYS` and `ZIZHI_WORKDAYS`."""
    return " ".join(day.isoformat() for day in sorted(days) if day.year >= _FIRST_LISTED)


_WORKING_HOURS = {
    "week": ("ZIZHI_WORKING_HOURS", "mon-fri 09:00-12:00 13:30-18:00"),
    # The State Council publishes each year's holidays in the autumn before, and chinesecalendar
    # releases them within days. In a year that is not listed, each day counts by its weekday, and
    # the queue warns leads two months ahead.
    "holidays": ("ZIZHI_HOLIDAYS", _listed(chinese_calendar.holidays)),
    "workdays": ("ZIZHI_WORKDAYS", _listed(chinese_calendar.workdays)),
    "zone": ("ZIZHI_TIME_ZONE", TIME_ZONE),
}
"""The variable and default of each part of the opening hours. `ZIZHI_WORKDAYS` are the make-up days
(调休) for holidays.
"""
try:
    WORKING_HOURS = Hours.parse(
        **{
            _part: env.str(_name, default=_usual)
            for _part, (_name, _usual) in _WORKING_HOURS.items()
        }
    )
except NotHours as _wrong:
    raise ImproperlyConfigured(f"{_WORKING_HOURS[_wrong.part][0]} {_wrong}") from _wrong

# --- API (docs/integrating/api.md): requests of one key a second in each web process; 0: any number
API_PER_SECOND: dict[str, float] = {
    "gate": read_rate("ZIZHI_API_GATE_PER_SECOND", 1000.0),
    "other": read_rate("ZIZHI_API_PER_SECOND", 50.0),
}

PLATFORM_ADDRESSES_PER_HOUR = at_least("ZIZHI_PLATFORM_ADDRESSES_PER_HOUR", 1, default=500)
"""Recruiters that one platform may add in an hour, counted like sign-in attempts."""

# --- Queue: for how long the figures over the reviewers' queue are kept ---------------------------
QUEUE_FIGURES_SECONDS = at_least("ZIZHI_QUEUE_FIGURES_SECONDS", 0, default=15)
"""How long queue figures are cached, because counting 100,000 waiting cases for each viewer is
expensive. 0: not cached.
"""

# --- Alerts to staff (docs/operating/alerts.md) ---------------------------------------------------
ALERT_QUEUE_OVER = at_least("ZIZHI_ALERT_QUEUE_OVER", 0, default=200)
"""Staff are alerted if more cases than this wait for a reviewer. 0: never."""

# --- The human lane: refused uploads and failed proofs until a person can be asked ----------------
PERSON_AFTER_FAILURES = at_least("ZIZHI_PERSON_AFTER_FAILURES", 1, default=3)

# --- Proofs of authority that outside companies give (verification/banks, verification/e_licences)
# A simulator proves nothing, and anyone who knows how it works could prove anything. For trying out
# only.
_PROVIDERS = ("simulator", "")
_SIMULATOR_TO_TRY = "simulator" if _TRYING_OUT else ""
BANK = one_of("ZIZHI_BANK", _PROVIDERS, _SIMULATOR_TO_TRY)
"""The provider of small transfers to companies' accounts. Empty: not offered."""
E_LICENCES = one_of("ZIZHI_E_LICENCES", _PROVIDERS, _SIMULATOR_TO_TRY)
"""The provider of codes that the electronic licence scans. Empty: not offered."""
for _name, _chosen in (("ZIZHI_BANK", BANK), ("ZIZHI_E_LICENCES", E_LICENCES)):
    if _chosen == "simulator" and _PUBLIC:
        raise not_in_public(f"{_name} is the simulator, which proves nothing", SITE_URL)

# --- Relay numbers (docs/how-it-works/relays.md): off unless chosen, and keys alone are no choice -
RELAYS = one_of("ZIZHI_RELAYS", ("aliyun", *_PROVIDERS), _SIMULATOR_TO_TRY)
"""The provider of relay numbers. Empty: none.

Platforms' tests have their own simulator.
"""
ALIYUN_KEY_ID: str = env.str("ZIZHI_ALIYUN_KEY_ID", default="")
ALIYUN_KEY_SECRET: str = env.str("ZIZHI_ALIYUN_KEY_SECRET", default="")
ALIYUN_POOL_KEY: str = env.str("ZIZHI_ALIYUN_POOL_KEY", default="")
ALIYUN_EXTENSION_POOL_KEY: str = env.str("ZIZHI_ALIYUN_EXTENSION_POOL_KEY", default="")
ALIYUN_CALLBACK_SECRET: str = env.str("ZIZHI_ALIYUN_CALLBACK_SECRET", default="")
ALIYUN_ENDPOINT = read_endpoint("ZIZHI_ALIYUN_ENDPOINT", "https://dyplsapi.aliyuncs.com")
RELAY_DAYS = at_least(
    "ZIZHI_RELAY_DAYS", 30, default=30, why="candidates who wait longer for an answer would be lost"
)
"""How many days a relay number works after the last sign of ongoing hiring."""
if RELAYS == "simulator" and _PUBLIC:
    raise not_in_public("ZIZHI_RELAYS is the simulator, which connects no calls", SITE_URL)
if RELAYS == "aliyun":
    for _name, _value in (
        ("ZIZHI_ALIYUN_KEY_ID", ALIYUN_KEY_ID),
        ("ZIZHI_ALIYUN_KEY_SECRET", ALIYUN_KEY_SECRET),
        ("ZIZHI_ALIYUN_POOL_KEY", ALIYUN_POOL_KEY),
        ("ZIZHI_ALIYUN_CALLBACK_SECRET", ALIYUN_CALLBACK_SECRET),
    ):
        if not _value:
            raise ImproperlyConfigured(f"ZIZHI_RELAYS is aliyun, and {_name} is not set.")
    if len(ALIYUN_CALLBACK_SECRET) < 24 or not re.fullmatch(
        r"[A-Za-z0-9_-]+", ALIYUN_CALLBACK_SECRET
    ):
        raise ImproperlyConfigured(
            "ZIZHI_ALIYUN_CALLBACK_SECRET must be at least 24 letters, digits, _ and "
            "-, because it is part of a URL."
        )
    needs_package("ZIZHI_RELAYS", "alibabacloud_dyplsapi20170525", "aliyun")

# --- Releases (docs/how-it-works/release.md) ------------------------------------------------------
RELEASES_WAITING = at_least("ZIZHI_RELEASES_WAITING", 1, default=50)
"""With this many copies in preparation, further requests are refused before a pass is spent, and
have to be retried.
"""
RELEASES_AWAITED = at_least("ZIZHI_RELEASES_AWAITED", 0, default=2)
"""How many calls per web process may wait for their copy at once, of its four or eight threads. 0:
none.
"""
RELEASE_HOURS = at_least("ZIZHI_RELEASE_HOURS", 1, default=24)
"""How many hours links to a copy can be requested. Then its file is erased."""
KEEP_CLEAN_DAYS = at_least("ZIZHI_KEEP_CLEAN_DAYS", 1, default=365)
"""How many days a resume's clean pages, needed to trace leaks, are kept after its last copy."""
RESUMES: str = env.str("ZIZHI_RESUMES", default="")
"""A folder, or `s3://bucket/prefix`, with a subfolder per platform (by our id), from which resumes
are fetched by reference. Empty: platforms upload them.
"""
RESUMES_ENDPOINT: str = env.str("ZIZHI_RESUMES_ENDPOINT", default="")
"""The address of an object store other than Amazon's. Its SDK finds region and credentials
(`AWS_REGION`, …).
"""
if RESUMES.startswith("s3://"):
    needs_package("ZIZHI_RESUMES", "boto3", "s3")
if "://" in RESUMES and not re.match(r"s3://[^/]", RESUMES):
    raise ImproperlyConfigured(
        f"ZIZHI_RESUMES is {RESUMES!r}: expected a folder or s3://bucket/prefix."
    )
CANARY_RINGS = at_least("ZIZHI_CANARY_RINGS", 1, default=2)
"""How many callers from outside an employer's team must call its canary's number within a week to
restrict the employer. 1: the first call does.
"""

# --- Candidates (docs/how-it-works/candidates.md) -------------------------------------------------
CANDIDATES_DEFAULT = one_of(
    "ZIZHI_CANDIDATES_DEFAULT", ("ask_first", "tell_after", "closed"), "tell_after"
)
"""How candidates without known preferences are asked, unless their platform has declared it."""
CONSENT_DAYS = at_least("ZIZHI_CONSENT_DAYS", 1, default=180)
"""How many days a consent given on our page is valid."""
CONSENT_ASKED_DAYS = at_least("ZIZHI_CONSENT_ASKED_DAYS", 1, default=14)
"""How many days a candidate has to answer."""
CONSENT_NOT_AGAIN_DAYS = at_least("ZIZHI_CONSENT_NOT_AGAIN_DAYS", 1, default=90)
"""How many days a candidate is not asked again after a no (网络数据安全管理条例 22(5))."""
ERASE_DAYS = at_least("ZIZHI_ERASE_DAYS", 1, default=15)
"""How many days an employer has to erase its copies after the candidate revokes consent."""

# --- Review: how long a ruling can be undone, and on what two people look -------------------------
UNDO_SECONDS = at_least("ZIZHI_UNDO_SECONDS", 0, default=30)
SECOND_REVIEW_FROM_HARM: float = env.float("ZIZHI_SECOND_REVIEW_FROM_HARM", default=4.0)
"""Approvals of cases with at least this weight (`verification.rules.urgency`) need two people. A
value above all weights turns this off.
"""
SECOND_REVIEW_SAMPLE = read_share("ZIZHI_SECOND_REVIEW_SAMPLE", 0.0 if _TRYING_OUT else 0.02)
"""The fraction of all other cases that two people review, whatever is decided. 0 when trying out,
since there is no second person.
"""
GOLDEN_SHARE = read_share("ZIZHI_GOLDEN_SHARE", 0.03)
"""The fraction of golden cases, whose correct decision is known, among a reviewer's cases. At most
every other case is one.
"""
GOLDEN_DAYS = at_least("ZIZHI_GOLDEN_DAYS", 1, default=180)
"""After this many days a golden case is retired and its stored data erased."""

# --- Mail -----------------------------------------------------------------------------------------
_KEPT_MAIL = environ.Env.EMAIL_SCHEMES["keptmail"] = "config.trying_out.kept_mail.Backend"
_MAIL_TO_TRY = "keptmail://" if _TRYING_OUT else ""  # prints no link to the log
MAIL_URL: str = env.str("ZIZHI_EMAIL_URL", default=_MAIL_TO_TRY)
_MAIL = env.email_url_config(MAIL_URL) if MAIL_URL else {"EMAIL_BACKEND": ""}
EMAIL_BACKEND = _MAIL["EMAIL_BACKEND"]
EMAIL_HOST = _MAIL.get("EMAIL_HOST", "")
EMAIL_PORT = _MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _MAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _MAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = VAR_DIR / "mail"
MAILS_KEPT = EMAIL_BACKEND == _KEPT_MAIL
"""Whether mails are kept in `MAILS_DIR` and shown at `/try/mails` instead of sent.

The default when trying out.
"""
if _PUBLIC and MAIL_URL and not MAIL_URL.startswith("smtp"):
    _scheme = MAIL_URL.partition(":")[0]
    raise not_in_public(f"ZIZHI_EMAIL_URL is {_scheme}, which sends nothing", SITE_URL)
MAILS_DIR = VAR_DIR / "mails"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env.str("ZIZHI_MAIL_FROM", default="资质 Zizhi <no-reply@localhost>")

# --- Text messages (docs/operating/sms.md): off unless chosen -------------------------------------
SMS_PROVIDER = one_of("ZIZHI_SMS_PROVIDER", ("aliyun", "tencent", *_PROVIDERS), _SIMULATOR_TO_TRY)
"""The provider of text messages. Empty: none are sent, and they are not offered."""
SMS_SIGN: str = env.str("ZIZHI_SMS_SIGN", default="")
"""The approved sign with which each message begins. A provider needs one."""
SMS_PRICE = read_yuan("ZIZHI_SMS_PRICE", "0.05")
"""The price of a segment, in ten-thousandths of a yuan like the following two."""
SMS_BUDGET = read_yuan("ZIZHI_SMS_BUDGET", "100")
"""What all messages of a day may cost."""
SMS_BUDGET_PER_PAYER = read_yuan("ZIZHI_SMS_BUDGET_PER_PAYER", "50")
"""What one payer's messages may cost in a day: a platform's, those of accounts, or invitations."""
SMS_TEMPLATES = sms_templates("ZIZHI_SMS_TEMPLATES", SMS_PROVIDER)
"""The provider's code of each of our texts, by its name; `name.en` for one in English."""
SMS_KEY_ID: str = env.str("ZIZHI_SMS_KEY_ID", default="")
SMS_KEY_SECRET: str = env.str("ZIZHI_SMS_KEY_SECRET", default="")
SMS_APP_ID: str = env.str("ZIZHI_SMS_APP_ID", default="")
"""Tencent Cloud's SdkAppId."""
SMS_REGION: str = env.str("ZIZHI_SMS_REGION", default="ap-guangzhou")
SMS_CALLBACK_SECRET: str = env.str("ZIZHI_SMS_CALLBACK_SECRET", default="")
SMS_ENDPOINT = read_endpoint(
    "ZIZHI_SMS_ENDPOINT",
    "https://sms.tencentcloudapi.com"
    if SMS_PROVIDER == "tencent"
    else "https://dysmsapi.aliyuncs.com",
)
if SMS_PROVIDER in ("aliyun", "tencent"):
    for _name, _value in (
        ("ZIZHI_SMS_SIGN", SMS_SIGN),
        ("ZIZHI_SMS_KEY_ID", SMS_KEY_ID),
        ("ZIZHI_SMS_KEY_SECRET", SMS_KEY_SECRET),
        ("ZIZHI_SMS_APP_ID", "not needed" if SMS_PROVIDER == "aliyun" else SMS_APP_ID),
        ("ZIZHI_SMS_CALLBACK_SECRET", SMS_CALLBACK_SECRET),
    ):
        if not _value:
            raise ImproperlyConfigured(
                f"ZIZHI_SMS_PROVIDER is {SMS_PROVIDER}, and {_name} is not set."
            )
    if not re.fullmatch(r"[A-Za-z0-9_-]{24,}", SMS_CALLBACK_SECRET):
        raise ImproperlyConfigured(
            "ZIZHI_SMS_CALLBACK_SECRET must be at least 24 letters, digits, _ and -, because it is"
            " part of a URL."
        )
    needs_package(
        "ZIZHI_SMS_PROVIDER",
        "tencentcloud.sms" if SMS_PROVIDER == "tencent" else "alibabacloud_dysmsapi20170525",
        f"{SMS_PROVIDER}-sms",
    )
SMS_SIGN = SMS_SIGN or "资质"
if SMS_PRICE == 0:
    raise ImproperlyConfigured("ZIZHI_SMS_PRICE is 0. Without a price, no budget is ever used.")
if SMS_PROVIDER == "simulator" and _PUBLIC:
    raise not_in_public("ZIZHI_SMS_PROVIDER is the simulator, which sends nothing", SITE_URL)

# --- Webhooks (docs/integrating/webhooks.md) ------------------------------------------------------
WEBHOOKS_LOCAL = _TRYING_OUT
"""Whether a receiver may be on this machine, over plain HTTP too. Only when trying out."""

# --- Celery: the doorbell (the rows are the queue) ------------------------------------------------
CELERY_BROKER_URL = env.str("ZIZHI_BROKER_URL", default="filesystem://localhost")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_QUEUES = [Queue(name, Exchange("zizhi", "direct"), name) for name in QUEUES]
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_ROUTING_KEY = PROMPT
CELERY_TASK_DEFAULT_EXCHANGE = "zizhi"
CELERY_TASK_ROUTES = ROUTES
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Two processes with one thread read a third more pages than one with two (`python -m
# benchmarks.reading_load`).
CELERY_WORKER_CONCURRENCY = env.int("ZIZHI_WORKERS", default=min(2, os.cpu_count() or 1))
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
MESSAGES_DIR = VAR_DIR / "messages"
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL, MESSAGES_DIR)
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT = "config.message_files:Transport"
SWEEP_SECONDS = env.int("ZIZHI_SWEEP_SECONDS", default=30)
WATCH_DOWNLOADS_SECONDS = env.int("ZIZHI_WATCH_DOWNLOADS_SECONDS", default=300)
"""Seconds between checks for patterns of downloads (docs/how-it-works/gate.md)."""
KEEP_ANSWERS_DAYS = env.int("ZIZHI_KEEP_ANSWERS_DAYS", default=1096)
"""How many days the gate's answers are kept. At least three years."""
LEASE_SECONDS = env.int("ZIZHI_LEASE_SECONDS", default=120)
CELERY_BEAT_SCHEDULE = beat_schedule(SWEEP_SECONDS, WATCH_DOWNLOADS_SECONDS)
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- Logs: structured, without personal data ------------------------------------------------------
LOGGING_CONFIG = None
LOG_READABLE = env.bool("ZIZHI_LOG_READABLE", default=False)
LOG_LEVEL = env.str("ZIZHI_LOG_LEVEL", default="INFO")

ZIZHI_VERSION = "0.1.0"
