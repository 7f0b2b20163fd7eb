"""The CRM: every enquiry and subscriber as a contact, with duplicates that are merged, deletions, and the deals of sales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from campaigns.simulators.business.figures import Contact, Deal
from campaigns.simulators.business.people import CUSTOMER, LEAD, SUBSCRIBER, Enquiry, History, People, Signup
from campaigns.simulators.business.story import Story, days

# Ids of contacts are the day of creation and one of these slots: leads from 0, then subscribers, duplicates, merged ones.
SUBSCRIBERS, DUPLICATES, MERGED = 300, 500, 700
EPOCH = date(2020, 1, 1).toordinal()
DUPLICATED, ARCHIVED = 0.02, 0.012
LONGEST_DUPLICATE = 12


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of a lead's record: a second one with another address, their merger, or its deletion."""

    duplicated_at: datetime | None = None
    merged_at: datetime | None = None
    archived_at: datetime | None = None


class Crm:
    def __init__(self, story: Story, people: People) -> None:
        self.story = story
        self.people = people
        self._fates: dict[str, _Fate] = {}

    def contacts(self, since: date, until: date, as_of: date) -> list[Contact]:
        found = [contact for day in days(since, min(until, as_of)) for contact in self._of_day(day, as_of)]
        return sorted(found, key=lambda contact: (contact.created_at, contact.id))

    def deals(self, since: date, until: date, as_of: date) -> list[Deal]:
        """Deals begin within three weeks of the enquiry."""
        created = (lead for day in days(since - timedelta(days=25), min(until, as_of)) for lead in self.people.enquiries(day))
        last = min(until, as_of)
        found = [self._deal(lead, as_of) for lead in created if lead.deal and since <= lead.deal.created_at.date() <= last]
        return sorted(found, key=lambda deal: (deal.created_at, deal.id))

    # -------------------------------------------------------------------------------------------------- contacts
    def _of_day(self, day: date, as_of: date) -> Iterator[Contact]:
        for lead in self.people.enquiries(day):
            yield self._contact(lead, as_of)
        for signup in self.people.signups(day):
            yield self._subscriber(signup, as_of)
        for created in days(day - timedelta(days=LONGEST_DUPLICATE), day):
            for lead in self.people.enquiries(created):
                fate = self._fate(lead)
                if fate.duplicated_at and fate.duplicated_at.date() == day and not _is_past(fate.merged_at, as_of):
                    yield self._duplicate(lead, fate.duplicated_at)

    def _fate(self, lead: Enquiry) -> _Fate:
        if lead.number not in self._fates:
            self._fates[lead.number] = self._decided(lead)
        return self._fates[lead.number]

    def _decided(self, lead: Enquiry) -> _Fate:
        chance = self.story.chance("fate", lead.number)
        if DUPLICATED <= chance <= 1 - ARCHIVED:
            return _Fate()
        random = self.story.random("fate", lead.number)
        if chance < DUPLICATED and lead.person.email:
            duplicated = self.story.later(random, lead.created_at, 1, LONGEST_DUPLICATE - 1)
            return _Fate(duplicated, self.story.later(random, duplicated, 1, 20))
        if not lead.deal and not lead.returns_at:
            return _Fate(archived_at=self.story.later(random, lead.created_at, 20, 60))
        return _Fate()

    def _contact(self, lead: Enquiry, as_of: date) -> Contact:
        fate, person = self._fate(lead), lead.person
        merged = fate.merged_at if _is_past(fate.merged_at, as_of) else None
        archived = fate.archived_at if _is_past(fate.archived_at, as_of) else None
        history = tuple((stage, at) for stage, at in lead.history if at.date() <= as_of)
        given_up = lead.is_unqualified_at if _is_past(lead.is_unqualified_at, as_of) else None
        own = _contact_id(lead.created_at, lead.slot)
        return Contact(
            id=_contact_id(lead.created_at, MERGED + lead.slot) if merged else own,
            number=lead.number,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            company=person.company,
            created_at=lead.created_at,
            modified_at=max(at for at in (history[-1][1], merged, archived, given_up) if at),
            archived_at=archived,
            history=history,
            merged_ids=(own, self._duplicate_id(lead)) if merged else (),
            touch=person.touch,
            landing_page=lead.landing_page,
            score=lead.base_score + (35 if len(history) > 1 else 0),
            is_unqualified=given_up is not None,
            has_newsletter=lead.has_newsletter,
        )

    def _duplicate_id(self, lead: Enquiry) -> str:
        return _contact_id(lead.created_at, DUPLICATES + lead.slot)

    def _duplicate(self, lead: Enquiry, at: datetime) -> Contact:
        """The same person, who wrote again from another address."""
        contact = self._contact(lead, lead.created_at.date())
        local, _, host = contact.email.partition("@")
        return replace(
            contact,
            id=self._duplicate_id(lead),
            number="",
            email=f"{local}.perso@{host}",
            created_at=at,
            modified_at=at,
            history=((LEAD, at),),
            score=lead.base_score,
        )

    def _subscriber(self, signup: Signup, as_of: date) -> Contact:
        person = signup.person
        history: History = ((SUBSCRIBER, signup.at),)
        if signup.returns_at and _is_past(signup.returns_at, as_of):
            history += ((CUSTOMER, signup.returns_at),)
        return Contact(
            id=_contact_id(signup.at, SUBSCRIBERS + signup.slot),
            number="",
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            company="",
            created_at=signup.at,
            modified_at=history[-1][1],
            archived_at=None,
            history=history,
            merged_ids=(),
            touch=person.touch,
            landing_page=signup.landing_page,
            score=0,
            is_unqualified=False,
            has_newsletter=True,
        )

    # ----------------------------------------------------------------------------------------------------- deals
    def _deal(self, lead: Enquiry, as_of: date) -> Deal:
        assert lead.deal
        deal, person = lead.deal, lead.person
        history = tuple((stage, at) for stage, at in deal.history if at.date() <= as_of)
        name = person.company or f"{person.first_name} {person.last_name}"
        return Deal(
            id=str(9_000_000_000 + int(_contact_id(lead.created_at, lead.slot))),
            contact_id=self._contact(lead, as_of).id,
            name=f"{name} {lead.number}",
            amount=(deal.amount * deal.rate).quantize(deal.amount),
            home_amount=deal.amount,
            currency=deal.currency.upper(),
            created_at=deal.created_at,
            modified_at=history[-1][1],
            closes_at=deal.closes_at,
            history=history,
            touch=person.touch,
        )


def _contact_id(created_at: datetime, slot: int) -> str:
    return str((created_at.date().toordinal() - EPOCH) * 1000 + slot + 100_000_000)


def _is_past(at: datetime | None, as_of: date) -> bool:
    return at is not None and at.date() <= as_of
