"""A presentation as PDF and as e-mail."""

import os

from reports.rendering.mail import Links, email_parts
from reports.rendering.pdf import pdf

__all__ = ["Links", "email_parts", "pdf"]

# Typst lays pages out on as many threads as there are cores, unless told otherwise before its first document. A worker has one core:
# threads that wait for each other take of it, and every report would take longer.
os.environ.setdefault("RAYON_NUM_THREADS", "1")
