"""The way to a platform's consent page and back, and the choice of accounts."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import access, attempts, hosts
from accounts.attempts import Fault, Unusable
from accounts.audit import Actor
from accounts.forms import posted
from accounts.gate import ClientRequest, requires
from accounts.models import AGENCY_ROLES, Credential, OAuthAttempt
from campaigns import connections, shown
from campaigns.connectors import sources
from campaigns.connectors.base import Account, LostAccess, Passing, UnexpectedAnswer
from campaigns.forms import AccountsForm, OwnerForm
from campaigns.models import Connection

SENTENCES: dict[Fault, str] = {
    Fault.UNKNOWN: gettext_noop("This link belongs to no sign-in that was begun here."),
    Fault.EXPIRED: gettext_noop("This took longer than a quarter of an hour. For your safety it must be begun again."),
    Fault.USED: gettext_noop("This answer was used already. If the account is not listed, begin again."),
    Fault.FOREIGN: gettext_noop("Somebody else began this. Only they can finish it; begin it yourself instead."),
    Fault.DENIED: gettext_noop("The permission was not given on the platform's page. Nothing was changed."),
    Fault.REFUSED: gettext_noop(
        "The platform did not give the permission. Begin again; if it happens twice, tell whoever runs this service."
    ),
    Fault.UNANSWERED: gettext_noop("The platform has not answered yet. Finish on its page, or begin again."),
}
SILENT = gettext_noop("The platform did not answer properly just now. Nothing was changed; please try again in a few minutes.")


@requires("connection.manage", "connection.manage")
@require_safe
def new(request: ClientRequest) -> HttpResponse:
    """Which platform to connect, and which consents are there to be used again."""
    of_agency = _is_of_agency(request)
    by_platform: dict[str, list[Credential]] = {}
    for credential in connections.usable_consents(request.client, of_agency=of_agency):
        by_platform.setdefault(credential.platform, []).append(credential)
    platforms = [(source, title, is_ready, by_platform.get(source, [])) for source, title, is_ready in shown.platforms()]
    return render(request, "campaigns/connection_new.html", {"platforms": platforms, "form": _owner_form(request)})


@requires("connection.manage", "connection.manage")
@require_POST
def start(request: ClientRequest, platform: str) -> HttpResponse:
    """Send the person to the platform's consent page."""
    if platform not in sources():
        raise Http404
    form = _owner_form(request)
    return _leave(request, platform, for_agency=form is not None and form.is_for_agency)


@requires("connection.manage", "connection.manage")
@require_POST
def reconnect(request: ClientRequest, connection_id: int) -> HttpResponse:
    """Ask for the same consent anew, of whoever gave it before."""
    source = get_object_or_404(Connection, pk=connection_id, credential_id__isnull=False)
    usable = connections.usable_consents(request.client, of_agency=_is_of_agency(request))
    before = next((credential for credential in usable if credential.pk == source.credential_id), None)
    for_agency = before is not None and before.agency_id is not None
    return _leave(request, source.source, for_agency=for_agency, renews=before, connection_id=source.pk)


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where platforms send people back. Nobody needs to be signed in: the answer is only kept, for the host the person came from."""
    if not hosts.is_default(request):
        raise Http404
    said = request.GET
    try:
        attempt = attempts.keep_answer(said.get("state", ""), said.get("code", ""), said.get("error", ""))
    except Unusable as reason:
        context = {"sentence": _(SENTENCES[reason.fault])}
        return render(request, "campaigns/consent_lost.html", context, status=400)
    path = reverse("connection_return", args=[attempt.client.slug, attempt.pk])
    return redirect(f"{attempt.origin}{path}")


@requires("connection.manage", "connection.manage")
@never_cache
@require_GET
def returned(request: ClientRequest, attempt_id: int) -> HttpResponse:
    """Exchange what the platform answered, once, and go on to what it opens."""
    attempt = get_object_or_404(OAuthAttempt.objects.select_related("client__agency", "renews"), pk=attempt_id, client=request.client)
    if attempt.credential_id and attempt.user_id == request.user.pk:
        return redirect("connection_accounts", request.client.slug, attempt.credential_id)
    try:
        credential = connections.take_consent(attempt, request.user, Actor.of(request))
    except Unusable as reason:
        return _failed(request, attempt, _(SENTENCES[reason.fault]), status=400)
    except LostAccess as refusal:
        return _failed(request, attempt, _(str(refusal)), status=400)
    except (Passing, UnexpectedAnswer) as error:
        return _failed(request, attempt, _(SILENT), details=str(error), status=502)
    if attempt.connection_id and (source := Connection.objects.filter(pk=attempt.connection_id).first()):
        return _reconnected(request, source, credential)
    return redirect("connection_accounts", request.client.slug, credential.pk)


@requires("connection.manage", "connection.manage")
@require_http_methods(["GET", "HEAD", "POST"])
def accounts(request: ClientRequest, credential_id: int) -> HttpResponse:
    """The accounts a consent reaches, to connect some of them."""
    credential = _usable(request, credential_id)
    try:
        offered = connections.reachable(credential)
    except LostAccess as refusal:
        return _unreachable(request, credential, _(str(refusal)), status=200)
    except (Passing, UnexpectedAnswer) as error:
        return _unreachable(request, credential, _(SILENT), status=502, details=str(error))
    known = {source.account: source for source in Connection.objects.filter(source=credential.platform)}
    form = AccountsForm(posted(request), accounts=offered, known=known, currency=request.client.currency)
    if form.is_valid() and _connect(request, credential, form):
        return redirect("connections", request.client.slug)
    context = {"form": form, "credential": credential, "platform": connections.title(credential.platform), "offered": offered}
    return render(request, "campaigns/connection_accounts.html", context)


def _leave(
    request: ClientRequest, platform: str, *, for_agency: bool, renews: Credential | None = None, connection_id: int | None = None
) -> HttpResponse:
    """A page of ours that leads on at once.

    A redirection would be checked against `form-action` at every step, and platforms lead through hosts of theirs that nobody
    lists: by region, by who is signed in.
    """
    title = connections.title(platform)
    if not connections.is_ready(platform):
        messages.error(
            request, _("This installation has no keys for %(platform)s yet. Whoever runs it must set them.") % {"platform": title}
        )
        return redirect("connection_new", request.client.slug)
    begun = attempts.begin(
        request.user,
        request.client,
        platform,
        f"{request.scheme}://{request.get_host()}",
        for_agency=for_agency,
        renews=renews,
        connection_id=connection_id,
    )
    address = connections.consent_address(begun)
    page = render(request, "campaigns/leaving.html", {"platform": title, "consent_url": address})
    page["Refresh"] = f"0; url={address}"
    return page


def _reconnected(request: ClientRequest, source: Connection, credential: Credential) -> HttpResponse:
    """Go on with the account that was lost, if the new consent reaches it; else ask which it reaches."""
    try:
        offered = {account.external_id: account for account in connections.reachable(credential)}
    except (LostAccess, Passing, UnexpectedAnswer):
        offered = {}
    account = offered.get(source.account)
    name = source.name or source.account
    if account and _connected(request, credential, [account]):
        messages.success(request, _("%(name)s is connected again. What is missing is being read.") % {"name": name})
        return redirect("connections", request.client.slug)
    messages.warning(
        request,
        _("This permission does not reach %(name)s. Sign in as somebody who may see it, or choose another account.") % {"name": name},
    )
    return redirect("connection_accounts", request.client.slug, credential.pk)


def _connect(request: ClientRequest, credential: Credential, form: AccountsForm) -> bool:
    chosen = form.chosen
    if not _connected(request, credential, chosen, form):
        return False
    text = ngettext(
        "%(count)d account is connected. Its history is being read now, the newest days first.",
        "%(count)d accounts are connected. Their history is being read now, the newest days first.",
        len(chosen),
    )
    messages.success(request, text % {"count": len(chosen)})
    return True


def _connected(request: ClientRequest, credential: Credential, chosen: list[Account], form: AccountsForm | None = None) -> bool:
    """Connect each account; those that are refused are told, and the others stay."""
    refused = False
    for account in chosen:
        try:
            connections.connect(request.client, credential, account, Actor.of(request))
        except ValidationError as error:
            refused = True
            for message in error.messages:
                if form:
                    form.add_error("accounts", message)
                else:
                    messages.error(request, message)
    return not refused


def _is_of_agency(request: ClientRequest) -> bool:
    return bool(request.client.agency_id and access.roles_in(request.client) & AGENCY_ROLES)


def _owner_form(request: ClientRequest) -> OwnerForm | None:
    """Only the agency's people have a choice: others give consent for their own company."""
    if not _is_of_agency(request) or request.client.agency is None:
        return None
    return OwnerForm(posted(request), agency=request.client.agency.name, client=request.client.name)


def _usable(request: ClientRequest, credential_id: int) -> Credential:
    usable = connections.usable_consents(request.client, of_agency=_is_of_agency(request))
    found = next((credential for credential in usable if credential.pk == credential_id), None)
    if found is None:
        raise Http404
    return found


def _failed(request: ClientRequest, attempt: OAuthAttempt, sentence: str, *, status: int, details: str = "") -> HttpResponse:
    context = {
        "platform": connections.title(attempt.platform),
        "sentence": sentence,
        "details": details,
        "attempt": attempt,
    }
    return render(request, "campaigns/consent_failed.html", context, status=status)


def _unreachable(request: ClientRequest, credential: Credential, sentence: str, *, status: int, details: str = "") -> HttpResponse:
    context = {"platform": connections.title(credential.platform), "sentence": sentence, "details": details}
    return render(request, "campaigns/consent_failed.html", context, status=status)
