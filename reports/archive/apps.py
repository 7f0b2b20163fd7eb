from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "reports.archive"
    label = "archive"
