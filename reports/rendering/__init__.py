"""A presentation as PDF and as e-mail."""

from reports.rendering.mail import email_parts
from reports.rendering.pdf import pdf

__all__ = ["email_parts", "pdf"]
