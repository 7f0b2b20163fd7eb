from django.db import migrations


def confirm(apps, schema_editor):
    """Whoever made the accounts there are vouched for their addresses."""
    User, EmailAddress = apps.get_model("accounts", "User"), apps.get_model("account", "EmailAddress")
    known = EmailAddress.objects.values("user_id")
    rows = (EmailAddress(user=user, email=user.email.lower(), primary=True, verified=True) for user in User.objects.exclude(pk__in=known))
    EmailAddress.objects.bulk_create(rows, batch_size=1000)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_people_tokens_audit"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(confirm, migrations.RunPython.noop)]
