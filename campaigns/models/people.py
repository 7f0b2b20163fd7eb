from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from campaigns.models.connections import Pull
from campaigns.models.facts import Fact, currency, nano
from campaigns.models.origins import Origin


class Person(models.Model):
    """Somebody, known by keys alone. One that was merged into another has no keys any more."""

    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"person {self.pk}"


class PersonKey(models.Model):
    """What a source calls a person. Facts hold the key's value, never the person: merging moves keys and no fact."""

    class Kind(models.TextChoices):
        EMAIL = "email"  # a keyed HMAC
        LEAD = "lead"
        CUSTOMER = "customer"

    kind = models.CharField(max_length=10)
    # The connection whose ids these are; 0 for e-mail addresses, and for ids of files that name no other source.
    space = models.BigIntegerField()
    value = models.CharField(max_length=255)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="keys")
    # Of several people, such as info@: it no longer merges anybody.
    is_shared = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "space", "value"], name="campaigns_person_key_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class PersonMerge(models.Model):
    """Two people found to be one, and the keys that moved; what is needed to take it back."""

    kept = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    dissolved = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    # The key both had, and the ids of the keys that moved.
    by_key = models.ForeignKey(PersonKey, on_delete=models.SET_NULL, null=True, related_name="+")
    moved = models.JSONField(default=list)
    # What brought it to light; undoing a file takes its merges back.
    pull = models.ForeignKey(Pull, on_delete=models.SET_NULL, null=True, related_name="+")
    merged_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.dissolved} into {self.kept}"


class DirtyPerson(models.Model):
    """Somebody whose keys moved since the figures were last rebuilt: facts that did not change are now another's."""

    # Of `Person`, who may be gone by then.
    person_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"person {self.person_id}"


class ErasedKey(models.Model):
    """A key of somebody who was erased, as an HMAC under the client's key: no later answer brings the person back."""

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.digest


class Lead(Fact):
    """One lead and the instants at which it moved. `day` is the day of creation in the client's zone."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    landing_page = models.CharField(max_length=2000, blank=True)
    score = models.IntegerField(null=True)
    mql_at = models.DateTimeField(null=True)
    sql_at = models.DateTimeField(null=True)
    won_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    customer_ref = models.CharField(max_length=255, blank=True)
    value_nano = nano()
    currency = currency()
    # HMAC-SHA256 under the client's key; the address is not kept.
    email_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="campaigns_lead_day"),
            models.Index(fields=["mql_at"], name="campaigns_lead_mql", condition=models.Q(mql_at__isnull=False)),
            models.Index(fields=["sql_at"], name="campaigns_lead_sql", condition=models.Q(sql_at__isnull=False)),
            models.Index(fields=["won_at"], name="campaigns_lead_won", condition=models.Q(won_at__isnull=False)),
        ]


class Deal(Fact):
    """One sale in the making. `day` is the day it was opened; `stages` says when each stage was first entered."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    lead_ref = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    stage = models.CharField(max_length=100, blank=True)
    stages = models.JSONField(default=dict)
    won_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    amount_nano = nano()
    currency = currency()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="campaigns_deal_day"),
            models.Index(fields=["won_at"], name="campaigns_deal_won", condition=models.Q(won_at__isnull=False)),
            models.Index(fields=["connection", "lead_ref"], name="campaigns_deal_lead"),
        ]


class Touch(Fact):
    """One contact of a person with our marketing, on its day in the client's zone."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    at = models.DateTimeField()
    lead_ref = models.CharField(max_length=255, blank=True)
    customer_ref = models.CharField(max_length=255, blank=True)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    kind = models.CharField(max_length=20, blank=True)
    asset = models.CharField(max_length=255, blank=True)
    converted_at = models.DateTimeField(null=True)
    value_nano = nano()
    currency = currency()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="campaigns_touch_day"),
            models.Index(fields=["connection", "lead_ref"], name="campaigns_touch_lead"),
            models.Index(fields=["connection", "customer_ref"], name="campaigns_touch_customer"),
        ]


class Customer(Fact):
    """One customer, on the day of acquisition, or of the first that is known of them."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    acquired_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    email_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_customer_day")]
