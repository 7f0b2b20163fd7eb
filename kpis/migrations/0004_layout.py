from typing import ClassVar

from django.db import migrations, models

# Where no day waits to be summed, what is there was summed for this layout.
SUMMED = "UPDATE kpis_dataversion SET layout = 1 WHERE NOT EXISTS (SELECT FROM campaigns_dirtyday)"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kpis", "0003_every_kpi"), ("campaigns", "0003_dirty_people")]

    operations: ClassVar = [
        migrations.AddField("dataversion", "layout", models.IntegerField(default=0, db_default=0)),
        migrations.RunSQL(SUMMED, migrations.RunSQL.noop),
    ]
