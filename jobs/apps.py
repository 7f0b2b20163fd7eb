from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        # Handlers register by kind; each app keeps them in its module `handlers`.
        autodiscover_modules("handlers")
