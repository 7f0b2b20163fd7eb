from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.sign_in import signals  # noqa: F401

        # What becomes of each app's tables when a client is exported; see `accounts.portability`.
        autodiscover_modules("exports")
