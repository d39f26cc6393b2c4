"""The tables of accounts, employers, members and platforms."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from events.db.tables import CreateModels


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("employers", "0001_initial"),
        ("employers", "0002_decision"),
        ("employers", "0003_staff"),
        ("employers", "0004_made_for"),
        ("employers", "0005_platforms"),
        ("employers", "0006_api_manners"),
        ("employers", "0007_platform_contact"),
        ("employers", "0008_platform_indexes"),
        ("employers", "0009_labels"),
    ]
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name="ApiClient",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="for tests"
                            ),
                        ),
                        (
                            "return_urls",
                            models.TextField(
                                blank=True,
                                db_default="",
                                default="",
                                verbose_name="return addresses",
                            ),
                        ),
                        (
                            "contact_email",
                            models.EmailField(
                                blank=True,
                                db_default="",
                                default="",
                                max_length=254,
                                verbose_name="contact email",
                            ),
                        ),
                        (
                            "contact_language",
                            models.CharField(
                                db_default="zh-hans",
                                default="zh-hans",
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "clock_seconds",
                            models.BigIntegerField(db_default=0, default=0, editable=False),
                        ),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked"),
                        ),
                        (
                            "key_hash",
                            models.CharField(editable=False, max_length=64, null=True, unique=True),
                        ),
                        (
                            "key_start",
                            models.CharField(
                                blank=True, db_default="", editable=False, max_length=12
                            ),
                        ),
                        ("scopes", models.JSONField(default=list, editable=False)),
                    ],
                    options={
                        "verbose_name": "platform",
                        "verbose_name_plural": "platforms",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("test", True), ("clock_seconds", 0), _connector="OR"
                                ),
                                name="client_clock_is_right",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "email",
                            models.EmailField(max_length=254, unique=True, verbose_name="email"),
                        ),
                        (
                            "email_verified_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="email confirmed"
                            ),
                        ),
                        ("phone_sealed", models.TextField(blank=True)),
                        (
                            "language",
                            models.CharField(
                                default="zh-hans", max_length=10, verbose_name="language"
                            ),
                        ),
                        ("is_staff", models.BooleanField(default=False, verbose_name="staff")),
                        (
                            "is_active",
                            models.BooleanField(default=True, verbose_name="may sign in"),
                        ),
                        (
                            "joined_at",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="joined"
                            ),
                        ),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "account",
                        "verbose_name_plural": "accounts",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("email", django.db.models.functions.text.Lower("email"))
                                ),
                                name="user_email_in_lower_case",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Lockout",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("code", "Code for two-step verification")],
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        ("subject", models.CharField(max_length=64)),
                        ("failures", models.PositiveIntegerField(verbose_name="failures")),
                        ("since", models.DateTimeField(verbose_name="since")),
                        (
                            "until",
                            models.DateTimeField(blank=True, null=True, verbose_name="until"),
                        ),
                    ],
                    options={
                        "verbose_name": "lock-out",
                        "verbose_name_plural": "lock-outs",
                        "constraints": [
                            models.UniqueConstraint(fields=("kind", "subject"), name="lockout_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiKey",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "client",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="keys",
                                to="employers.apiclient",
                                verbose_name="platform",
                            ),
                        ),
                        (
                            "key_hash",
                            models.CharField(
                                max_length=64, unique=True, verbose_name="key, hashed"
                            ),
                        ),
                        (
                            "key_start",
                            models.CharField(max_length=12, verbose_name="key begins with"),
                        ),
                        ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "expires_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
                        ),
                        (
                            "revoked_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="revoked"),
                        ),
                        (
                            "last_used_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="last used"),
                        ),
                    ],
                    options={
                        "verbose_name": "platform key",
                        "verbose_name_plural": "platform keys",
                    },
                ),
                migrations.CreateModel(
                    name="IdempotentAnswer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "client",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="employers.apiclient",
                                verbose_name="platform",
                            ),
                        ),
                        ("key", models.CharField(max_length=64)),
                        ("asked_index", models.CharField(max_length=64)),
                        ("claim", models.UUIDField()),
                        ("claimed_until", models.DateTimeField()),
                        ("answer_sealed", models.TextField(blank=True, default="")),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        ("created_at", models.DateTimeField(db_index=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client", "key"), name="idempotent_answer_once"
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Employer",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="company name")),
                        (
                            "uscc",
                            models.CharField(
                                max_length=18, verbose_name="unified social credit code"
                            ),
                        ),
                        (
                            "account_class",
                            models.CharField(
                                choices=[
                                    ("direct_employer", "We recruit for ourselves"),
                                    ("commercial_agency", "We are an HR service agency"),
                                    ("public_service", "We are a public employment service"),
                                ],
                                default="direct_employer",
                                max_length=20,
                                verbose_name="type of employer",
                            ),
                        ),
                        ("registered_at", models.DateTimeField(verbose_name="registered")),
                        (
                            "confirmed_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="first approved"
                            ),
                        ),
                        (
                            "made_for",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "platform",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="employers",
                                to="employers.apiclient",
                                verbose_name="platform",
                            ),
                        ),
                        (
                            "reference",
                            models.CharField(
                                blank=True,
                                db_default="",
                                default="",
                                max_length=64,
                                verbose_name="platform's reference",
                            ),
                        ),
                        (
                            "test",
                            models.BooleanField(
                                db_default=False, default=False, verbose_name="test data"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "employer",
                        "verbose_name_plural": "employers",
                        "indexes": [
                            models.Index(fields=["uscc"], name="employer_uscc"),
                            models.Index(
                                condition=models.Q(("made_for__isnull", False)),
                                fields=["made_for"],
                                name="employer_made_for",
                            ),
                            models.Index(
                                condition=models.Q(("platform__isnull", False)),
                                fields=["platform", "registered_at"],
                                name="employer_platform",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("confirmed_at__isnull", False), ("test", False)
                                ),
                                fields=("uscc",),
                                name="employer_confirmed_code_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("reference", ""), _negated=True),
                                fields=("platform", "reference"),
                                name="employer_reference_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RecoveryCode",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="recovery_codes",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="account",
                            ),
                        ),
                        ("code_hash", models.CharField(max_length=64)),
                        (
                            "used_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="used"),
                        ),
                    ],
                    options={
                        "verbose_name": "recovery code",
                        "verbose_name_plural": "recovery codes",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "code_hash"), name="recovery_code_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SecondFactor",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="second_factor",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="account",
                            ),
                        ),
                        ("secret_sealed", models.TextField()),
                        ("last_step", models.BigIntegerField()),
                        ("confirmed_at", models.DateTimeField(verbose_name="set up")),
                    ],
                    options={
                        "verbose_name": "two-step verification",
                        "verbose_name_plural": "two-step verification",
                    },
                ),
                migrations.CreateModel(
                    name="Sighting",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sightings",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="account",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("device", "Device"),
                                    ("phone", "Phone"),
                                    ("network", "Network"),
                                ],
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("first_at", models.DateTimeField(verbose_name="first seen")),
                        ("last_at", models.DateTimeField(verbose_name="last seen")),
                    ],
                    options={
                        "verbose_name": "sighting",
                        "verbose_name_plural": "sightings",
                        "indexes": [
                            models.Index(fields=["kind", "digest"], name="sighting_shared")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "kind", "digest"), name="sighting_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Member",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="member",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="account",
                            ),
                        ),
                        (
                            "employer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="employers.employer",
                                verbose_name="employer",
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[("owner", "Owner"), ("recruiter", "Recruiter")],
                                max_length=10,
                                verbose_name="role",
                            ),
                        ),
                        ("joined_at", models.DateTimeField(verbose_name="joined")),
                        (
                            "left_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="left"),
                        ),
                        (
                            "reference",
                            models.CharField(
                                blank=True,
                                db_default="",
                                default="",
                                max_length=64,
                                verbose_name="platform's reference",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "recruiter",
                        "verbose_name_plural": "recruiters",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("reference", ""), _negated=True),
                                fields=("employer", "reference"),
                                name="member_reference_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OnboardingLink",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=uuid.uuid4,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "client",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.apiclient",
                                verbose_name="platform",
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="employers.member",
                                verbose_name="recruiter",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("verify", "Verify"),
                                    ("renew", "Renew"),
                                    ("appeal", "Appeal"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("return_url", models.CharField(max_length=500)),
                        ("language", models.CharField(max_length=10)),
                        ("created_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("used_at", models.DateTimeField(blank=True, null=True)),
                    ],
                ),
            ]
        )
    ]
