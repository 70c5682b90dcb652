"""One file for every machine: what differs comes from the environment, read strictly."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.broker import socket_path
from console.keys import kept_key, new_fernet_key, new_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    """Return a variable, or the default. With neither, refuse to start."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment (see .env.example).")
    return value


def env_bool(name: str, default: bool) -> bool:
    """Return a switch: 0 or 1 and nothing else, so that "False" can't mean True."""
    value = env(name, "1" if default else "0")
    if value not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def env_int(name: str, default: int, low: int, high: int) -> int:
    """Return a whole number within bounds, or refuse to start."""
    value = env(name, str(default))
    if not value.isdecimal() or not low <= int(value) <= high:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {low} to {high}, not {value!r}."
        )
    return int(value)


def env_list(name: str) -> list[str]:
    """Return a comma-separated list without its blanks."""
    return [part.strip() for part in env(name, "").split(",") if part.strip()]


# Where everything of this installation lives: database, media, keys, broker socket.
VAR_DIR = Path(env("VAR_DIR", str(BASE_DIR / "var"))).absolute()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
PORT = env_int("PORT", 8000, 1, 65535)
DEBUG = env_bool("DEBUG", default=False)

SECRET_KEY = os.environ.get("SECRET_KEY") or kept_key(
    VAR_DIR / "secret_key", new_secret_key
)
# Encrypts mini programs' secrets at rest; the newest first, for rotation.
SECRETS_KEYS = (
    os.environ.get("SECRETS_KEY") or kept_key(VAR_DIR / "secrets_key", new_fernet_key)
).split(",")


# The address people and WeChat use. Without one this is the demo, on loopback, where
# plain HTTP is no danger.
PUBLIC_URL = env("PUBLIC_URL", "").rstrip("/")
_public = urlsplit(PUBLIC_URL or f"http://127.0.0.1:{PORT}")
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(
        f"PUBLIC_URL must look like https://kf.example.com, not {PUBLIC_URL!r}."
    )
if _public.path or _public.query or _public.fragment:
    raise ImproperlyConfigured(
        f"PUBLIC_URL must have no path: https://kf.example.com, not {PUBLIC_URL!r}."
    )
SITE_URL = f"{_public.scheme}://{_public.netloc}"
HTTPS = _public.scheme == "https"
_loopback = ["127.0.0.1", "localhost", "[::1]"]

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or [_public.hostname, *_loopback]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS must name its hosts: with * a socket would take any origin."
    )
# Full origins, for Django's CSRF check and for the socket's.
CSRF_TRUSTED_ORIGINS = [SITE_URL, *env_list("CSRF_TRUSTED_ORIGINS")]
SOCKET_ORIGINS = [
    *CSRF_TRUSTED_ORIGINS,
    *([] if PUBLIC_URL else [f"http://{host}:{PORT}" for host in _loopback]),
]

WECHAT_SIMULATOR_STATE = str(VAR_DIR / "simulator.sqlite3")
# `make run` switches it on for the demo. Commands beside it find what it has left.
WECHAT_SIMULATOR = env_bool(
    "WECHAT_SIMULATOR",
    default=not PUBLIC_URL and Path(WECHAT_SIMULATOR_STATE).exists(),
)
if WECHAT_SIMULATOR and _public.hostname not in ("127.0.0.1", "localhost", "::1"):
    raise ImproperlyConfigured(
        "WECHAT_SIMULATOR must be 0 with a public PUBLIC_URL: "
        "anybody can play a customer in it, and have it call any address."
    )
SIMULATOR_API_ROOT = f"http://127.0.0.1:{PORT}/simulator/api"
WECHAT_API_ROOT = "https://api.weixin.qq.com"


INSTALLED_APPS = [
    # For `runserver` alone. The web process starts Daphne itself; the others want none of
    # Twisted, which takes them a fifth of a second and 20 MB.
    *(["daphne"] if "runserver" in sys.argv[1:2] else []),
    "unfold.apps.BasicAppConfig",
    "console.admin_config.SupervisorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_rq",
    "django_htmx",
    "csp",
    "axes",
    "console",
    "agents",
    "conversations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "console.static_files.StaticFilesMiddleware",
    "console.compression.PageCompressionMiddleware",
    "console.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "agents.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
APPEND_SLASH = False  # A redirect would turn a POST into a GET

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
                "console.context.installation",
            ],
        },
    },
]


# Database. SQLite writes at once or waits (a transaction that begins by reading can't be
# upgraded), and syncs every commit: WeChat never sends again what we acknowledged.
def database(url: str) -> dict[str, Any]:
    """Return Django's settings for sqlite:///path or postgresql://user:pw@host/name."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) or str(VAR_DIR / "kefu.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 3,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                    "PRAGMA foreign_keys=ON;"
                ),
            },
        }
    if parts.scheme in ("postgresql", "postgres"):
        options: dict[str, Any] = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_HEALTH_CHECKS": True,
            # A pool, because a request's thread dies with it and would leave its
            # connection open.
            "OPTIONS": {
                "connect_timeout": 2,
                "pool": {"min_size": 1, "max_size": 16, "timeout": 5},
                **options,
            },
        }
    raise ImproperlyConfigured(
        "DATABASE_URL must begin with sqlite:/// or postgresql://."
    )


DATABASES = {"default": database(env("DATABASE_URL", "sqlite:///"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# Broker. Every client gives up after half a second and never repeats: what it carries
# are hints, and the database knows better.
REDIS_URL = env("REDIS_URL", f"unix://{socket_path(VAR_DIR)}")
BROKER_TIMEOUT = 0.5  # s
_redis = urlsplit(REDIS_URL)
if _redis.scheme not in ("unix", "redis", "rediss"):
    raise ImproperlyConfigured(
        "REDIS_URL must begin with redis://, rediss:// or unix://."
    )
_client: dict[str, Any] = {
    "socket_timeout": BROKER_TIMEOUT,
    "socket_connect_timeout": BROKER_TIMEOUT,
    "retry": Retry(NoBackoff(), 0),
}
if _redis.scheme == "unix":
    _client["unix_socket_path"] = _redis.path
# django-rq hands client options on in this form only.
_queue = {
    "HOST": _redis.hostname or "localhost",
    "PORT": _redis.port or 6379,
    "DB": int(_redis.path.strip("/") or 0) if _redis.scheme != "unix" else 0,
    "USERNAME": unquote(_redis.username) if _redis.username else None,
    "PASSWORD": unquote(_redis.password) if _redis.password else None,
    "SSL": _redis.scheme == "rediss",
    "REDIS_CLIENT_KWARGS": _client,
    "DEFAULT_TIMEOUT": 30,
    "SERIALIZER": "json",
}
RQ_QUEUES = {name: _queue for name in ("outbox", "default", "media")}
RQ = {
    "JOB_CLASS": "conversations.broker.SafeJob",
    "WORKER_CLASS": "conversations.worker.LaneWorker",
    "COMMIT_MODE": "auto",
}

# Two doors to one layer: for announcing, which must never wait, and for the hub, which
# may hear nothing for hours. No door for consumers, which Channels would have listen at
# "default": all they get comes from the hub, so a socket opens without Redis too.
_layer = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    "CONFIG": {
        "hosts": [
            {
                "address": REDIS_URL,
                "socket_timeout": BROKER_TIMEOUT,
                "socket_connect_timeout": BROKER_TIMEOUT,
                "retry": Retry(NoBackoff(), 0),
            }
        ],
        "prefix": "kefu",
        "capacity": 1000,
        "expiry": 60,
    },
}
CHANNEL_LAYERS = {
    "announce": _layer,
    "hub": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    # redis-py would give up a read after 5 s, as long as it blocks.
                    "socket_timeout": None,
                    "socket_connect_timeout": BROKER_TIMEOUT,
                    "max_connections": 2000,
                }
            ],
            "prefix": "kefu",
            "capacity": 1000,
            "expiry": 60,
        },
    },
}


# People.
AUTH_USER_MODEL = "agents.Agent"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/inbox/"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # s: a set-password link lives for a day

# Five wrong passwords for one name from one address, then a pause; the same name from
# elsewhere can still sign in.
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = 0.25  # h
AXES_CLIENT_IP_CALLABLE = "console.proxy.client_address"
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True


# Languages. Sources are English; Chinese is what people get unless they choose.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True


# Files.
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS: list[Path] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "console.static_files.HashedFiles"},
}
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
SERVESTATIC_MIMETYPES = {".webmanifest": "application/manifest+json"}
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000  # The admin's list of canned answers is one form
DATA_UPLOAD_MAX_NUMBER_FILES = 5
# In memory, up to what a request may hold: a file on the disk would bear a part of the
# name it came with.
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024


# Browsers.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "console.views.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
else:
    # Two consoles on one host differ by port, which cookies ignore.
    SESSION_COOKIE_NAME = f"sessionid_{PORT}"
    CSRF_COOKIE_NAME = f"csrftoken_{PORT}"
SILENCED_SYSTEM_CHECKS = [
    # Subdomains and preload lists are the owner's to promise.
    "security.W005",
    "security.W021",
]


# What a Prometheus has to bear to be given numbers; without one /metrics isn't there.
METRICS_TOKEN = env("METRICS_TOKEN", "")

# Limits of what we promise.
PUSH_MAX_BYTES = 64 * 1024
PUSH_QUEUE_LENGTH = 2000  # pushes waiting for a commit; past it the answer is 503
PUSH_BATCH = 256
# WeChat's own pages disagree on the name of the header: x-wx-source, or x-wx-sources.
CLOUD_RUN_PLURAL_SOURCE = env_bool("CLOUD_RUN_PLURAL_SOURCE", default=False)
PUSH_LOG_EVERY = 5.0  # s between two writes of sums; 0: only when told
SEND_DEADLINE = env_int("SEND_DEADLINE", 15, 1, 60)  # s, for one call in all
LANE_LEASE = env_int("LANE_LEASE", 2 * SEND_DEADLINE, 2, 300)  # s
LANES = env_int("LANES", 20, 1, 200)  # customers served at once by a worker
TYPING_LANES = LANES  # as many again may be shown that somebody types
MEDIA_FETCHES = 4  # pictures fetched from WeChat at once by a worker
TEXT_MAX_BYTES = 2048
IMAGE_MAX_BYTES = env_int("IMAGE_MAX_BYTES", 2 * 1024**2, 64 * 1024, 10 * 1024**2)


# Logs: never a request's address with its query, and httpx would print every one.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "console.logs.Redact"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "axes": {"level": "ERROR"},
        "rq.worker": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        "daphne": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        "django.channels.server": {"level": "WARNING"},  # runserver's access log
    },
}

TEST_RUNNER = "django.test.runner.DiscoverRunner"


# The admin.
def _room(title: Any, icon: str, model: str, says: Any) -> dict[str, Any]:
    """Return one line of the admin's sidebar, for who may look at that model."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "says": says,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD = {
    "SITE_TITLE": _("Kefu admin"),
    "SITE_HEADER": _("Kefu admin"),
    "SITE_ICON": lambda request: static("console/img/kefu.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("console/img/kefu.svg"),
        }
    ],
    "SITE_URL": "/inbox/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "STYLES": [lambda request: static("console/css/admin.css")],
    "COLORS": {
        "primary": {
            "50": "#eff6ff",
            "100": "#ddebfd",
            "200": "#bcd9fb",
            "300": "#93c3f8",
            "400": "#5ba3ee",
            "500": "#3a8be0",
            "600": "#0b63c5",
            "700": "#084f9f",
            "800": "#0a4284",
            "900": "#0d386c",
            "950": "#0a2347",
        },
    },
    "ACCOUNT": {
        "navigation": [{"title": _("Settings"), "link": reverse_lazy("settings")}]
    },
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    {
                        "title": _("Back to the inbox"),
                        "icon": "arrow_back",
                        "link": "/inbox/",
                    }
                ],
            },
            {
                "title": _("Answering"),
                "items": [
                    _room(
                        _("Canned answers"),
                        "quickreply",
                        "conversations.cannedanswer",
                        _("Quick replies above the composer, common answers after /."),
                    ),
                    _room(
                        _("Auto-reply rules"),
                        "smart_toy",
                        "conversations.autoreplyrule",
                        _("What customers get when no agent answers, and when."),
                    ),
                    _room(
                        _("Entrances"),
                        "login",
                        "conversations.entrance",
                        _("What each SessionFrom is called in the console."),
                    ),
                    _room(
                        _("Pages"),
                        "web",
                        "conversations.page",
                        _("What agents send as a card, or link to."),
                    ),
                    _room(
                        _("Tags"),
                        "sell",
                        "conversations.tag",
                        _("What agents may put on customers."),
                    ),
                ],
            },
            {
                "title": _("Installation"),
                "separator": True,
                "items": [
                    _room(
                        _("Agents"),
                        "group",
                        "agents.agent",
                        _("Who answers, who supervises, links to set a password."),
                    ),
                    _room(
                        _("Desk"),
                        "desk",
                        "conversations.desksettings",
                        _("When waits turn red, and when a conversation goes back."),
                    ),
                    _room(
                        _("Mini programs"),
                        "grid_view",
                        "conversations.miniprogram",
                        _("Where customers write from, push address and secrets."),
                    ),
                    _room(
                        _("Pushes"),
                        "move_to_inbox",
                        "conversations.receivedpush",
                        _("What WeChat sent, and what became of each."),
                    ),
                ],
            },
        ],
    },
}
