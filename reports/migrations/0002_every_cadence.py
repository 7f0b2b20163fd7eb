from typing import ClassVar

from django.db import migrations, models

DAYS_OF_WEEKS = """
    UPDATE reports_run SET since = to_date(period, 'IYYY"-W"IW'), until = to_date(period, 'IYYY"-W"IW') + 6
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reports", "0001_initial")]

    operations: ClassVar = [
        migrations.RemoveConstraint("run", "reports_run_once"),
        migrations.RenameField("run", "week", "period"),
        migrations.AlterField("run", "period", models.CharField(max_length=16)),
        migrations.AddField("run", "since", models.DateField(null=True)),
        migrations.AddField("run", "until", models.DateField(null=True)),
        migrations.RunSQL(DAYS_OF_WEEKS, migrations.RunSQL.noop),
        migrations.AlterField("run", "since", models.DateField()),
        migrations.AlterField("run", "until", models.DateField()),
    ]
