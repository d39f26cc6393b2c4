import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from events.db.groups import grant_permissions, view_permission
from events.db.locking import quickly

LOOK = [view_permission("verification", "memberreview", "recruiter in review")]


class Migration(migrations.Migration):
    dependencies = [
        ("employers", "0019_member_reviews"),
        ("verification", "0018_licence_photos"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        quickly(),
        migrations.CreateModel(
            name="MemberReview",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                (
                    "let_in",
                    models.BooleanField(blank=True, null=True, verbose_name="allowed to download"),
                ),
                ("why", models.TextField(blank=True, verbose_name="why")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "exclusions",
                    models.ManyToManyField(
                        related_name="+", to="verification.exclusion", verbose_name="matches"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="employers.member",
                        verbose_name="recruiter",
                    ),
                ),
            ],
            options={
                "verbose_name": "recruiter in review",
                "verbose_name_plural": "recruiters in review",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at", None)),
                        fields=("member",),
                        name="member_review_open_once",
                    )
                ],
            },
        ),
        grant_permissions(dict.fromkeys(("Reviewers", "Seniors", "Leads", "Auditors"), LOOK)),
    ]
