from typing import ClassVar

from django.db import migrations

# Where conversions that count were told without a value, or values without a count, days were summed as if it were nothing.
NOT_TOLD = """
    INSERT INTO campaigns_dirtyday (family, day)
    SELECT DISTINCT 'ads', day FROM campaigns_adconversion WHERE conversions_millionths IS NULL OR value_nano IS NULL
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kpis", "0005_customer_days_by_day"), ("campaigns", "0003_dirty_people")]

    operations: ClassVar = [migrations.RunSQL(NOT_TOLD, migrations.RunSQL.noop)]
