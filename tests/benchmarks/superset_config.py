"""Superset as we measure it: nothing kept, no limits of requests, its own tables in the folder that it is given."""

import os

SECRET_KEY = "of a benchmark, on this machine, for a minute"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['HOME']}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FILTER_STATE_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache"}
EXPLORE_FORM_DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache"}
ROW_LIMIT = SQL_MAX_ROW = 1_000_000
