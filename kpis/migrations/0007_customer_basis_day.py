"""Whose credit follows from a day is found without reading all customers."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kpis", "0006_values_not_told")]

    operations = [
        migrations.AddIndex(model_name="customerstate", index=models.Index(fields=["basis_day"], name="kpis_customer_basis")),
    ]
