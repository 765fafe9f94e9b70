"""The tables of accounts, and the guard of the audit trail."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from aicost.kernel.sqlfiles import sql
from aicost.migrating import Together


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_audit_append_only'),
        ('accounts', '0003_api_tokens'),
        ('accounts', '0004_preferences'),
        ('accounts', '0005_invitations'),
        ('accounts', '0006_letters'),
        ('accounts', '0007_token_ids'),
        ('accounts', '0008_api_use'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Team',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.TextField(unique=True)),
                ],
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                    ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('role', models.TextField(default='viewer')),
                    ('sees_all_teams', models.BooleanField(default=True)),
                    ('first_period', models.TextField(blank=True, default='', help_text='the name of a preset')),
                    ('theme', models.TextField(blank=True, default='', help_text='light, dark or empty')),
                    ('time_zone', models.TextField(blank=True, default='', help_text='such as Europe/Berlin')),
                    ('letters_off', models.BooleanField(default=False, help_text='no keys of a single letter')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('teams', models.ManyToManyField(blank=True, to='accounts.team')),
                ],
                options={
                    'verbose_name': 'user',
                    'verbose_name_plural': 'users',
                    'abstract': False,
                },
                managers=[
                    ('objects', django.contrib.auth.models.UserManager()),
                ],
            ),
            migrations.CreateModel(
                name='AuditEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(auto_now_add=True)),
                    ('action', models.TextField()),
                    ('subject', models.TextField(blank=True, default='')),
                    ('detail', models.JSONField(default=dict)),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['-at'], name='accounts_au_at_842ba4_idx')],
                },
            ),
            migrations.CreateModel(
                name='ApiToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.TextField()),
                    ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), help_text='ingest, read, admin', size=None)),
                    ('token_id', models.TextField(help_text='what it is known by, and the user name of Basic')),
                    ('sha256', models.CharField(max_length=64, unique=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField(blank=True, null=True)),
                    ('last_used_at', models.DateTimeField(null=True)),
                    ('revoked_at', models.DateTimeField(null=True)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                    ('teams', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), help_text='the teams it sees among those of its user; null is all of them', null=True, size=None)),
                ],
            ),
            migrations.CreateModel(
                name='Company',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('fiscal_month', models.PositiveSmallIntegerField(default=1, help_text='the first month of the fiscal year, 1 to 12')),
                    ('time_zone', models.TextField(default='UTC', help_text='timestamps are printed in it; days of money stay UTC')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='company_only_one'), models.CheckConstraint(condition=models.Q(('fiscal_month__range', (1, 12))), name='company_fiscal_month')],
                },
            ),
            migrations.CreateModel(
                name='Invitation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('email', models.TextField(blank=True, default='')),
                    ('role', models.TextField(default='viewer')),
                    ('sees_all_teams', models.BooleanField(default=True)),
                    ('sha256', models.CharField(max_length=64, unique=True)),
                    ('made_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(null=True)),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invited', to=settings.AUTH_USER_MODEL)),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='resets', to=settings.AUTH_USER_MODEL)),
                    ('teams', models.ManyToManyField(blank=True, to='accounts.team')),
                ],
            ),
            migrations.CreateModel(
                name='ApiUse',
                fields=[
                    ('who', models.TextField(help_text='token:ID or user:ID', primary_key=True, serialize=False)),
                    ('minute', models.BigIntegerField(help_text='since 1970')),
                    ('requests', models.BigIntegerField()),
                ],
            ),
        ]),
        migrations.RunSQL(sql('aicost.accounts.migrations.sql', 'append_only')),
        # How often each caller of the API asked in its last minute is not worth a place in the log.
        migrations.RunSQL('alter table accounts_apiuse set unlogged'),
    ]
