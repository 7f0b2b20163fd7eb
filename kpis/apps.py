from django.apps import AppConfig


class KpisConfig(AppConfig):
    name = "kpis"

    def ready(self) -> None:
        from accounts import audit
        from kpis import decided, receivers  # noqa: F401 - connects the signals

        audit.TELLERS |= decided.TELLERS
