from django.apps import AppConfig


class StandingsConfig(AppConfig):
    name = "campaigns.standings"
    label = "standings"
