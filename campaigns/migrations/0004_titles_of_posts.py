from django.db import migrations, models

# What a file replaced comes back column by column when it is undone.
REPLACED = """UPDATE campaigns_replaced SET row = row || '{"title": "", "url": ""}' WHERE "table" = 'campaigns_socialday'"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_dirty_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='socialday',
            name='title',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
        migrations.AddField(
            model_name='socialday',
            name='url',
            field=models.CharField(blank=True, db_default='', max_length=2000),
        ),
        migrations.RunSQL(REPLACED, migrations.RunSQL.noop),
    ]
