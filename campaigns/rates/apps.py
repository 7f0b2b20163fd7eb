from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "campaigns.rates"
    label = "rates"
