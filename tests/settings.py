"""The console's settings on a VAR_DIR of their own, which goes when the tests end.

DATABASE_URL is left as it is: set, the tests run on that PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile

VARIABLES = [
    "ALLOWED_HOSTS",
    "BIND",
    "CSRF_TRUSTED_ORIGINS",
    "DEBUG",
    "KEFU_BARRIERS",
    "PORT",
    "PUBLIC_URL",
    "REDIS_URL",
    "SECRETS_KEY",
    "SECRET_KEY",
    "TIME_ZONE",
    "WECHAT_SIMULATOR",
]

for name in VARIABLES:
    os.environ.pop(name, None)
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="kefu-tests-")
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from console.settings import *  # noqa: E402, F403

# The real hasher takes 50 ms of every sign-in, by design.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A file, as in the real thing: SQLite's databases in memory know no waiting for a lock.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": f"{VAR_DIR}/test.sqlite3"}  # noqa: F405

# No thread that writes between one test's end and the next one's start.
PUSH_LOG_EVERY = 0
