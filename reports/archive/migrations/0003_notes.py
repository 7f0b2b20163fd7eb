from typing import ClassVar

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies: ClassVar = [("archive", "0002_every_cadence")]

    operations: ClassVar = [
        migrations.CreateModel(
            "Note",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=6)),
                ("period", models.CharField(db_index=True, max_length=16)),
                ("text", models.TextField()),
                ("author_id", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
        ),
    ]
