"""A presentation as PDF and as e-mail."""

from reports.rendering.mail import Links, email_parts
from reports.rendering.pdf import pdf

__all__ = ["Links", "email_parts", "pdf"]
