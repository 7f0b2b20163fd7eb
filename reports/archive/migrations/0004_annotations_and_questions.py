from typing import ClassVar

from django.db import migrations, models
from django.db.models.functions import Now

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("archive", "0003_notes")]

    operations: ClassVar = [
        migrations.CreateModel(
            "Annotation",
            [
                ("id", ID),
                ("text", models.TextField()),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("channel", models.CharField(blank=True, max_length=20)),
                ("campaign", models.CharField(blank=True, max_length=255)),
                ("is_internal", models.BooleanField(default=False)),
                ("author_id", models.BigIntegerField(null=True)),
                ("author", models.CharField(max_length=254)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(until__gte=models.F("since")), name="archive_annotation_forwards")]
            },
        ),
        migrations.CreateModel(
            "Question",
            [
                ("id", ID),
                ("kpi", models.CharField(db_index=True, max_length=50)),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("channels", models.JSONField(default=list)),
                ("campaigns", models.JSONField(default=list)),
                ("labels", models.JSONField(default=list)),
                ("value", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("text", models.TextField()),
                ("asker_id", models.BigIntegerField(null=True)),
                ("asker", models.CharField(max_length=254)),
                ("asked_at", models.DateTimeField(db_default=Now())),
                ("answer", models.TextField(blank=True)),
                ("answerer", models.CharField(blank=True, max_length=254)),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
