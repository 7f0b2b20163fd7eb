"""What the page of a KPI is asked, in its address."""

from __future__ import annotations

from datetime import timedelta

from rest_framework import serializers

from kpis.explain_serializers import PageQuerySerializer
from kpis.periods import Calendar, Grain, Period, is_whole_months
from kpis.query import By, Compare

GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH)
POINTS = (13, 26)
PARTS = (By.CHANNEL, By.CAMPAIGN, By.LABEL)
# What names a period and its comparison; and with what it is of, a figure.
DATING = ("from", "to", "compare", "compare_from", "compare_to")
NAMING = ("from", "to", "channel", "campaign", "label")
# How it is looked at, whatever days it is of.
CHOSEN = ("grain", "points", "by")
# From so many days on, a period is looked at by months.
MONTHLY_FROM = 27
DAYS_OF_A_WEEK = 7


class KpiPageSerializer(PageQuerySerializer):
    """`grain` and `points`: of the trend. `by`: of the parts."""

    grain = serializers.ChoiceField(choices=[grain.value for grain in GRAINS], required=False)
    points = serializers.ChoiceField(choices=[str(number) for number in POINTS], default=str(POINTS[0]))
    by = serializers.ChoiceField(choices=[by.value for by in PARTS], default=By.CHANNEL.value)

    @property
    def grain_asked(self) -> Grain:
        """That of the address; else what suits the period."""
        if asked := self.validated_data.get("grain"):
            return Grain(asked)
        if is_whole_months(self.period) or self.period.days > MONTHLY_FROM:
            return Grain.MONTH
        return Grain.WEEK if self.period.days >= DAYS_OF_A_WEEK else Grain.DAY

    @property
    def by_asked(self) -> By:
        return By(self.validated_data["by"])

    @property
    def points_asked(self) -> int:
        return int(self.validated_data["points"])

    def stretch(self, calendar: Calendar) -> Period:
        """The days of the trend: so many whole days, weeks or months, the last with the period's end in it."""
        return last_of(self.period, self.grain_asked, self.points_asked, calendar)

    def stretch_before(self, calendar: Calendar) -> Compare | Period:
        """What the trend is held against: as many before it, each a year before, or those that end with the period chosen for that."""
        if self.compared is Compare.LAST_YEAR:
            return Compare.LAST_YEAR
        if isinstance(self.compared, Period):
            return last_of(self.compared, self.grain_asked, self.points_asked, calendar)
        since = self.stretch(calendar).since
        before = Period(since - timedelta(days=1), since - timedelta(days=1))
        return last_of(before, self.grain_asked, self.points_asked, calendar)


def last_of(period: Period, grain: Grain, number: int, calendar: Calendar) -> Period:
    """So many whole days, weeks or months, of which the last holds the end of `period`."""
    last = whole = calendar.whole(period.until, grain)
    for _ in range(number - 1):
        whole = calendar.whole(whole.since - timedelta(days=1), grain)
    return Period(whole.since, last.until)
