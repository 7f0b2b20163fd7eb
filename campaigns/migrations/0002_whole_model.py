import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# What leads and orders said of their channel and campaign becomes an origin each; as `campaigns.origins.decide` has it.
KEY = r"encode(sha256(convert_to(said.channel || repeat(chr(31), 4) || coalesce(campaign.name, '') || chr(31), 'UTF8')), 'hex')"
ORIGINS = f"""
    INSERT INTO campaigns_origin (key, stated, "group", source, medium, campaign_name, campaign_ref, channel, basis, campaign_id)
    SELECT {KEY}, said.channel, '', '', '', coalesce(campaign.name, ''), '',
        coalesce(nullif(said.channel, ''), nullif(campaign.channel, ''), 'unknown'),
        CASE WHEN said.channel <> '' THEN 'stated' WHEN campaign.channel <> '' THEN 'campaign' ELSE 'nothing' END, campaign.id
    FROM (SELECT channel, campaign_id FROM campaigns_lead UNION SELECT channel, campaign_id FROM campaigns_order) AS said
    LEFT JOIN campaigns_campaign AS campaign ON campaign.id = said.campaign_id;
    UPDATE campaigns_lead AS said SET origin_id = origin.id FROM campaigns_origin AS origin
    WHERE origin.stated = said.channel AND origin.campaign_id IS NOT DISTINCT FROM said.campaign_id;
    UPDATE campaigns_order AS said SET origin_id = origin.id FROM campaigns_origin AS origin
    WHERE origin.stated = said.channel AND origin.campaign_id IS NOT DISTINCT FROM said.campaign_id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AudienceDay',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'list_name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('list_name', models.CharField(max_length=255)),
                ('subscribers', models.BigIntegerField(null=True)),
                ('joined', models.BigIntegerField(null=True)),
                ('left', models.BigIntegerField(null=True)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_audienceday_day')],
            },
        ),
        migrations.CreateModel(
            name='CampaignAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('key', models.CharField(max_length=255)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='campaigns.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'key'), name='campaigns_alias_once')],
            },
        ),
        migrations.CreateModel(
            name='ChannelRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rules', models.JSONField(default=list)),
                ('made_by', models.CharField(blank=True, max_length=254)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='ConversionAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=100)),
                ('name', models.CharField(max_length=255)),
                ('category', models.CharField(blank=True, max_length=50)),
                ('counts_there', models.BooleanField()),
                ('counts', models.BooleanField(null=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('connection', 'action'), name='campaigns_conversion_action_once')],
            },
        ),
        migrations.CreateModel(
            name='Deal',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('lead_ref', models.CharField(blank=True, max_length=255)),
                ('name', models.CharField(blank=True, max_length=255)),
                ('created_at', models.DateTimeField()),
                ('stage', models.CharField(blank=True, max_length=100)),
                ('stages', models.JSONField(default=dict)),
                ('won_at', models.DateTimeField(null=True)),
                ('lost_at', models.DateTimeField(null=True)),
                ('amount_nano', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_deal_day'), models.Index(condition=models.Q(('won_at__isnull', False)), fields=['won_at'], name='campaigns_deal_won')],
            },
        ),
        migrations.CreateModel(
            name='EmailDay',
            fields=[
                ('day', models.DateField()),
                ('sent', models.BigIntegerField(null=True)),
                ('hard_bounces', models.BigIntegerField(null=True)),
                ('soft_bounces', models.BigIntegerField(null=True)),
                ('opens', models.BigIntegerField(null=True)),
                ('unique_opens', models.BigIntegerField(null=True)),
                ('clicks', models.BigIntegerField(null=True)),
                ('unique_clicks', models.BigIntegerField(null=True)),
                ('unsubscribes', models.BigIntegerField(null=True)),
                ('spam_complaints', models.BigIntegerField(null=True)),
                ('basis', models.CharField(blank=True, max_length=40)),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'list_name', blank=True, editable=False, primary_key=True, serialize=False)),
                ('list_name', models.CharField(max_length=255)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_emailday_day')],
            },
        ),
        migrations.CreateModel(
            name='ErasedKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('erased_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Origin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('stated', models.CharField(blank=True, max_length=20)),
                ('group', models.CharField(blank=True, max_length=255)),
                ('source', models.CharField(blank=True, max_length=255)),
                ('medium', models.CharField(blank=True, max_length=255)),
                ('campaign_name', models.CharField(blank=True, max_length=255)),
                ('campaign_ref', models.CharField(blank=True, max_length=255)),
                ('channel', models.CharField(max_length=20)),
                ('basis', models.CharField(max_length=20)),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='campaigns.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'origin_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('amount_nano', models.BigIntegerField()),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Cost',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'name', 'day', 'until', blank=True, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255)),
                ('until', models.DateField()),
                ('amount_nano', models.BigIntegerField()),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'until'], name='campaigns_cost_days')],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('acquired_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('email_hash', models.CharField(blank=True, max_length=64)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_customer_day')],
            },
        ),
        migrations.CreateModel(
            name='EmailSend',
            fields=[
                ('day', models.DateField()),
                ('sent', models.BigIntegerField(null=True)),
                ('hard_bounces', models.BigIntegerField(null=True)),
                ('soft_bounces', models.BigIntegerField(null=True)),
                ('opens', models.BigIntegerField(null=True)),
                ('unique_opens', models.BigIntegerField(null=True)),
                ('clicks', models.BigIntegerField(null=True)),
                ('unique_clicks', models.BigIntegerField(null=True)),
                ('unsubscribes', models.BigIntegerField(null=True)),
                ('spam_complaints', models.BigIntegerField(null=True)),
                ('basis', models.CharField(blank=True, max_length=40)),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('sent_at', models.DateTimeField()),
                ('observed_at', models.DateTimeField()),
                ('name', models.CharField(max_length=255)),
                ('subject', models.CharField(blank=True, max_length=500)),
                ('list_name', models.CharField(blank=True, max_length=255)),
                ('seed_sent', models.BigIntegerField(null=True)),
                ('seed_inbox', models.BigIntegerField(null=True)),
                ('revenue_nano', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_emailsend_day')],
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True)),
                ('path', models.CharField(max_length=2000)),
            ],
        ),
        migrations.CreateModel(
            name='LandingDay',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'page_id', 'origin_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('sessions', models.BigIntegerField(null=True)),
                ('engaged_sessions', models.BigIntegerField(null=True)),
                ('bounces', models.BigIntegerField(null=True)),
                ('pageviews', models.BigIntegerField(null=True)),
                ('session_seconds', models.BigIntegerField(null=True)),
                ('engagement_seconds', models.BigIntegerField(null=True)),
                ('conversions_millionths', models.BigIntegerField(null=True)),
                ('revenue_nano', models.BigIntegerField(null=True)),
                ('users', models.BigIntegerField(null=True)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.page')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_landingday_day')],
            },
        ),
        migrations.CreateModel(
            name='PageDay',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'page_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('views', models.BigIntegerField(null=True)),
                ('exits', models.BigIntegerField(null=True)),
                ('seconds', models.BigIntegerField(null=True)),
                ('basis', models.CharField(blank=True, max_length=40)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('page', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.page')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_pageday_day')],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='PersonKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('space', models.BigIntegerField()),
                ('value', models.CharField(max_length=255)),
                ('is_shared', models.BooleanField(db_default=False, default=False)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='campaigns.person')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'space', 'value'), name='campaigns_person_key_once')],
            },
        ),
        migrations.CreateModel(
            name='PersonMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moved', models.JSONField(default=list)),
                ('merged_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('undone_at', models.DateTimeField(null=True)),
                ('by_key', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.personkey')),
                ('dissolved', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.person')),
                ('kept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='campaigns.person')),
                ('pull', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.pull')),
            ],
        ),
        migrations.CreateModel(
            name='Replaced',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=63)),
                ('row', models.JSONField()),
                ('pull', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replaced', to='campaigns.pull')),
            ],
        ),
        migrations.CreateModel(
            name='SavedMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('header', models.CharField(max_length=64)),
                ('mapping', models.JSONField()),
                ('made_by', models.CharField(max_length=254)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'header'), name='campaigns_mapping_once')],
            },
        ),
        migrations.CreateModel(
            name='SocialDay',
            fields=[
                ('day', models.DateField()),
                ('impressions', models.BigIntegerField(null=True)),
                ('reach', models.BigIntegerField(null=True)),
                ('likes', models.BigIntegerField(null=True)),
                ('comments', models.BigIntegerField(null=True)),
                ('shares', models.BigIntegerField(null=True)),
                ('saves', models.BigIntegerField(null=True)),
                ('messages', models.BigIntegerField(null=True)),
                ('replies', models.BigIntegerField(null=True)),
                ('link_clicks', models.BigIntegerField(null=True)),
                ('video_views', models.BigIntegerField(null=True)),
                ('video_seconds', models.BigIntegerField(null=True)),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(blank=True, max_length=255)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_socialday_day')],
            },
        ),
        migrations.CreateModel(
            name='SocialPost',
            fields=[
                ('day', models.DateField()),
                ('impressions', models.BigIntegerField(null=True)),
                ('reach', models.BigIntegerField(null=True)),
                ('likes', models.BigIntegerField(null=True)),
                ('comments', models.BigIntegerField(null=True)),
                ('shares', models.BigIntegerField(null=True)),
                ('saves', models.BigIntegerField(null=True)),
                ('messages', models.BigIntegerField(null=True)),
                ('replies', models.BigIntegerField(null=True)),
                ('link_clicks', models.BigIntegerField(null=True)),
                ('video_views', models.BigIntegerField(null=True)),
                ('video_seconds', models.BigIntegerField(null=True)),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('observed_at', models.DateTimeField()),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SubscriptionSpan',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', 'started_at', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('customer_ref', models.CharField(max_length=255)),
                ('mrr_nano', models.BigIntegerField()),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_subscription_day')],
            },
        ),
        migrations.CreateModel(
            name='SystemOfRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=10, unique=True)),
                ('source', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='Target',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'day', 'kpi', 'origin_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kpi', models.CharField(max_length=50)),
                ('value_nano', models.BigIntegerField()),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Touch',
            fields=[
                ('day', models.DateField()),
                ('pk', models.CompositePrimaryKey('connection_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=255)),
                ('at', models.DateTimeField()),
                ('lead_ref', models.CharField(blank=True, max_length=255)),
                ('customer_ref', models.CharField(blank=True, max_length=255)),
                ('kind', models.CharField(blank=True, max_length=20)),
                ('asset', models.CharField(blank=True, max_length=255)),
                ('converted_at', models.DateTimeField(null=True)),
                ('value_nano', models.BigIntegerField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('connection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='campaigns.connection')),
                ('origin', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin')),
                ('pull', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='campaigns.pull')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='campaigns_touch_day'), models.Index(fields=['connection', 'lead_ref'], name='campaigns_touch_lead'), models.Index(fields=['connection', 'customer_ref'], name='campaigns_touch_customer')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(blank=True, max_length=20)),
                ('file_name', models.CharField(max_length=255)),
                ('size', models.BigIntegerField()),
                ('state', models.CharField(default='received', max_length=10)),
                ('mapping', models.JSONField(default=dict)),
                ('found', models.JSONField(default=dict)),
                ('preview', models.JSONField(null=True)),
                ('handover', models.JSONField(default=dict)),
                ('faults', models.JSONField(default=list)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('inserted', models.PositiveIntegerField(default=0)),
                ('updated', models.PositiveIntegerField(default=0)),
                ('since', models.DateField(null=True)),
                ('until', models.DateField(null=True)),
                ('made_by', models.CharField(max_length=254)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('undone_by', models.CharField(blank=True, max_length=254)),
                ('problem', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='UploadPart',
            fields=[
                ('pk', models.CompositePrimaryKey('upload_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='campaigns.upload')),
            ],
        ),
        migrations.AddField(
            model_name='adconversion',
            name='basis',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='campaign',
            name='labels',
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name='connection',
            name='files_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='lead',
            name='currency',
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddField(
            model_name='order',
            name='currency',
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddField(
            model_name='order',
            name='email_hash',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='pull',
            name='spans',
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name='lead',
            name='origin',
            field=models.ForeignKey(db_constraint=False, default=0, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='order',
            name='origin',
            field=models.ForeignKey(db_constraint=False, default=0, on_delete=django.db.models.deletion.PROTECT, to='campaigns.origin'),
            preserve_default=False,
        ),
        migrations.RunSQL(ORIGINS),
        migrations.RemoveField(
            model_name='lead',
            name='campaign',
        ),
        migrations.RemoveField(
            model_name='lead',
            name='channel',
        ),
        migrations.RemoveField(
            model_name='order',
            name='campaign',
        ),
        migrations.RemoveField(
            model_name='order',
            name='channel',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('mql_at__isnull', False)), fields=['mql_at'], name='campaigns_lead_mql'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('sql_at__isnull', False)), fields=['sql_at'], name='campaigns_lead_sql'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('won_at__isnull', False)), fields=['won_at'], name='campaigns_lead_won'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['connection', 'customer_ref'], name='campaigns_order_customer'),
        ),
        migrations.AddField(
            model_name='pull',
            name='upload',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pulls', to='campaigns.upload'),
        ),
    ]
