from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("archive", "0001_initial")]

    operations: ClassVar = [
        migrations.RenameField("snapshot", "week", "period"),
        migrations.AlterField("snapshot", "period", models.CharField(max_length=16, db_index=True)),
    ]
