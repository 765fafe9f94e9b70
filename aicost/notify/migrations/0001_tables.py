"""The tables of notify."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from aicost.migrating import Together


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('notify', '0001_initial'),
        ('notify', '0002_alert_items'),
        ('notify', '0003_endpoints'),
    ]

    dependencies = [
        ('attribution', '0001_tables'),
        ('happenings', '0001_initial'),
        ('web', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Channel',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.TextField(unique=True)),
                    ('kind', models.TextField()),
                    ('settings', models.JSONField(default=dict)),
                    ('sealed', models.TextField(blank=True, default='')),
                    ('enabled', models.BooleanField(default=True)),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Preference',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('alerts', models.BooleanField(default=True)),
                    ('severity', models.TextField(blank=True, default='', help_text='the least severe one wants; empty: all')),
                    ('quiet_from', models.TimeField(blank=True, null=True)),
                    ('quiet_to', models.TimeField(blank=True, null=True)),
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='notify_preference', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Route',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.TextField()),
                    ('team', models.TextField(blank=True, default='')),
                    ('severity', models.TextField(blank=True, default='', help_text='the least severe that is sent; empty: all')),
                    ('dimension', models.TextField(blank=True, default='', help_text='feature, model…: what the target is')),
                    ('target', models.TextField(blank=True, default='', help_text='its name')),
                    ('quiet_from', models.TimeField(blank=True, null=True)),
                    ('quiet_to', models.TimeField(blank=True, null=True)),
                    ('enabled', models.BooleanField(default=True)),
                    ('active_from', models.DateTimeField()),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='routes', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Schedule',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.TextField()),
                    ('cadence', models.TextField(default='weekly')),
                    ('about', models.TextField(default='all')),
                    ('team', models.TextField(blank=True, default='', help_text='as the ledger names it')),
                    ('hour', models.PositiveSmallIntegerField(default=8, help_text="of the recipient's own day")),
                    ('enabled', models.BooleanField(default=True)),
                    ('problem', models.TextField(blank=True, default='', help_text='why the last one could not be made')),
                    ('active_from', models.DateTimeField()),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='schedules', to=settings.AUTH_USER_MODEL)),
                    ('view', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='digests', to='web.savedview')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('hour__lt', 24)), name='schedule_hour'), models.CheckConstraint(condition=models.Q(('cadence__in', ('weekly', 'monthly'))), name='schedule_cadence'), models.CheckConstraint(condition=models.Q(('about__in', ('all', 'team', 'view'))), name='schedule_about')],
                },
            ),
            migrations.CreateModel(
                name='Recipient',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address', models.TextField(blank=True, default='')),
                    ('key', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='notify.channel')),
                    ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('route', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='notify.route')),
                    ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='notify.schedule')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('schedule', None), ('route', None), _connector='XOR'), name='recipient_of_one'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('channel', None), ('user__isnull', False)), models.Q(('channel', None), ('user', None), models.Q(('address', ''), _negated=True)), models.Q(('address', ''), ('channel__isnull', False), ('user', None)), _connector='OR'), name='recipient_is_one'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('schedule', 'route', 'user', 'address', 'channel'), name='recipient_once', nulls_distinct=False)],
                },
            ),
            migrations.CreateModel(
                name='Routed',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attribution.alertevent')),
                ],
            ),
            migrations.CreateModel(
                name='Endpoint',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('address', models.TextField()),
                    ('description', models.TextField(blank=True, default='')),
                    ('types', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                    ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
                    ('sealed', models.TextField(blank=True, default='', help_text='its secret, and those before it that still sign')),
                    ('enabled', models.BooleanField(default=True)),
                    ('off_why', models.TextField(blank=True, default='')),
                    ('active_from', models.DateTimeField()),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Send',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('occasion', models.TextField()),
                    ('recipient', models.TextField(help_text="the address, or the channel's name")),
                    ('via', models.TextField(help_text='a name in CHANNELS')),
                    ('subject', models.TextField()),
                    ('message', models.JSONField(help_text='aicost.notify.message.Message; to an endpoint, what is posted')),
                    ('alert', models.TextField(blank=True, default='', help_text='what groups messages of one alert')),
                    ('message_id', models.UUIDField(default=uuid.uuid4, help_text='the same in every try', unique=True)),
                    ('partial', models.BooleanField(default=False, help_text='sent before all data was there')),
                    ('state', models.TextField(default='queued')),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('next_try_at', models.DateTimeField()),
                    ('claimed_by', models.TextField(blank=True, default='')),
                    ('lease_until', models.DateTimeField(null=True)),
                    ('handed_at', models.DateTimeField(help_text='from here on it may have arrived', null=True)),
                    ('queued_at', models.DateTimeField()),
                    ('settled_at', models.DateTimeField(help_text='when it was sent or given up', null=True)),
                    ('said', models.TextField(blank=True, default='', help_text='what the other side answered last, or what failed')),
                    ('history', models.JSONField(default=list, help_text='[moment, what happened]')),
                    ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='notify.channel')),
                    ('route', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='notify.route')),
                    ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='notify.schedule')),
                    ('to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='notify.recipient')),
                    ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to=settings.AUTH_USER_MODEL)),
                    ('answered', models.PositiveSmallIntegerField(help_text='the status of the answer with which the last try failed', null=True)),
                    ('happening', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='happenings.happening')),
                    ('endpoint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='notify.endpoint')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'sending'])), fields=['next_try_at'], name='send_waiting'), models.Index(fields=['-queued_at'], name='send_archive'), models.Index(condition=models.Q(('alert', ''), _negated=True), fields=['recipient', 'alert'], name='send_of_alert'), models.Index(condition=models.Q(('endpoint__isnull', False)), fields=['endpoint', '-queued_at'], name='send_of_endpoint')],
                    'constraints': [models.UniqueConstraint(fields=('schedule', 'route', 'occasion', 'recipient', 'via'), name='send_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('state__in', ('queued', 'sending', 'sent', 'failed', 'suppressed', 'unknown'))), name='send_state'), models.UniqueConstraint(fields=('endpoint', 'happening'), name='send_event_once')],
                },
            ),
            migrations.CreateModel(
                name='AlertItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('release_at', models.DateTimeField()),
                    ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='attribution.alertevent')),
                    ('send', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='notify.send')),
                    ('to', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='notify.recipient')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('send', None)), fields=['release_at'], name='alert_item_waiting')],
                    'constraints': [models.UniqueConstraint(fields=('event', 'to'), name='alert_item_once')],
                },
            ),
        ]),
    ]
