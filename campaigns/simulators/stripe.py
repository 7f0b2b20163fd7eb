"""Stripe: customers, charges, refunds, invoices and subscriptions of connected accounts, newest first, and the Connect sign-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from campaigns.simulators import Answer, PlatformSimulator, Request
from campaigns.simulators.business import Ledger
from campaigns.simulators.business.figures import Charge, Customer, Invoice, Refund, Subscription, Touch
from campaigns.simulators.consent import Consent, InvalidGrantError
from campaigns.simulators.tokens import ExpiredTokenError, RevokedTokenError, UnknownTokenError, bearer

VERSION = "2026-10-28.endive"
CLIENT_ID = "ca_simulated"
# The platform's own key, which reads every connected account named in Stripe-Account.
CLIENT_SECRET = "sk_simulated_platform"
SCOPE = "read_only"
LARGEST_LIMIT, DEFAULT_LIMIT = 100, 10
BOUNDS = {"gt", "gte", "lt", "lte"}
COMMON = {"limit", "starting_after", "ending_before", "created", "expand"}
# The filters of each list besides paging.
FILTERS: dict[str, set[str]] = {
    "customers": {"email"},
    "charges": {"customer", "payment_intent"},
    "invoices": {"customer", "status", "subscription"},
    "refunds": {"charge"},
    "subscriptions": {"customer", "status"},
}
STATUSES = {"active", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"}
Object = dict[str, Any]
# Nobody gives money back later than this after the payment.
LATEST_REFUND = timedelta(days=90)


class RefusalError(Exception):
    """A request that Stripe answers with its error envelope."""

    def __init__(self, status: int, message: str, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param


class _List:
    """A list as it is on one day, newest first, with the place of each id."""

    def __init__(self, objects: list[Object]) -> None:
        self.objects = sorted(objects, key=lambda item: (item["created"], item["id"]), reverse=True)
        self.places = {item["id"]: place for place, item in enumerate(self.objects)}


class StripeSimulator(PlatformSimulator):
    """Serves the connected account of every business, by its own access token or by the platform's key and `Stripe-Account`."""

    source = "stripe"
    largest_page = LARGEST_LIMIT

    def __init__(self, ledgers: Mapping[str, Ledger], as_of: Callable[[], date]) -> None:
        super().__init__(ledgers, as_of)
        self.consent = Consent("Stripe", CLIENT_ID, self.users)
        self._lists: dict[tuple[object, ...], _List] = {}

    def settings(self, url: str) -> dict[str, str]:
        return {
            "base_url": url,
            "authorize_url": f"{url}/oauth/authorize",
            "token_url": f"{url}/oauth/token",
            "version": VERSION,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }

    def secret(self, user: str = "") -> dict[str, str]:
        user = user or next(iter(self.users))
        return {"access_token": self.tokens.lasting(user), "stripe_user_id": self.account(user)}

    def account(self, user: str) -> str:
        return self.ledgers[user].business.accounts.stripe

    def answer(self, request: Request) -> Answer:
        if request.path == "/oauth/authorize" and request.method in ("GET", "POST"):
            return self.consent.answer(request)
        if request.path == "/oauth/token" and request.method == "POST":
            return self._token(dict(parse_qsl(request.body.decode())))
        try:
            return Answer.json(self._answer(request)).with_headers({"Stripe-Version": VERSION, "Request-Id": "req_simulated"})
        except RefusalError as refused:
            return failure(refused.status, str(refused), refused.code, refused.param)

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("client_secret") != CLIENT_SECRET:
            return _refused("invalid_client", "No such API key.", 401)
        try:
            if form.get("grant_type") == "authorization_code":
                user, _ = self.consent.redeem(form)
                self.tokens.allow(user)
            elif form.get("grant_type") == "refresh_token":
                user = self.tokens.renewing(form.get("refresh_token", ""))
            else:
                return _refused("unsupported_grant_type", "Only authorization_code and refresh_token are served.")
        except InvalidGrantError as refused:
            return _refused("invalid_grant", str(refused))
        except (UnknownTokenError, RevokedTokenError):
            return _refused("invalid_grant", "This refresh token does not exist or was revoked.")
        return Answer.json(
            {
                "access_token": self.tokens.lasting(user),
                "livemode": False,
                "refresh_token": self.tokens.refresh_token(user),
                "token_type": "bearer",
                "stripe_publishable_key": f"pk_simulated_{user}",
                "stripe_user_id": self.account(user),
                "scope": SCOPE,
            }
        )

    def _answer(self, request: Request) -> Object:
        ledger = self.ledgers[self._user(request)]
        version, _, name = request.path.removeprefix("/").partition("/")
        if request.headers.get("stripe-version") != VERSION:
            raise RefusalError(400, "This stand-in wants every request to name its Stripe-Version.", "parameter_missing", "Stripe-Version")
        if version != "v1" or request.method != "GET" or name not in (*FILTERS, "account"):
            raise RefusalError(404, f"Unrecognized request URL ({request.method}: {request.path}).")
        if name == "account":
            return _account(ledger)
        asked = _asked(name, request.query)
        size = _limit(asked)
        return self._page(name, self._list(name, ledger, asked), asked, min(size, self.page_size))

    def _user(self, request: Request) -> str:
        token, account = bearer(request.headers.get("authorization", "")), request.headers.get("stripe-account", "")
        if token == CLIENT_SECRET:
            user = next((user for user in self.users if self.account(user) == account), "")
            if not user or user in self.tokens.revoked:
                message = f"The provided key does not have access to account '{account}' (or that account does not exist)."
                raise RefusalError(403, f"{message} Application access may have been revoked.", "account_invalid")
            return user
        try:
            user = self.tokens.holder(token)
        except UnknownTokenError:
            raise RefusalError(401, "Invalid API Key provided.") from None
        except (RevokedTokenError, ExpiredTokenError):
            raise RefusalError(401, "Expired API Key provided.", "api_key_expired") from None
        if account not in ("", self.account(user)):
            raise RefusalError(403, f"The provided key does not have access to account '{account}'.", "account_invalid")
        return user

    # --------------------------------------------------------------------------------------------------- lists
    def _page(self, name: str, found: _List, asked: Mapping[str, str], size: int) -> Object:
        start = 0
        if "starting_after" in asked:
            start = max(0, self._place(name, found, asked, "starting_after") + 1 - self.overlap)
        shown = found.objects[start : start + size]
        if "ending_before" in asked:
            end = self._place(name, found, asked, "ending_before")
            start, shown = max(0, end - size), found.objects[max(0, end - size) : end]
            return {"object": "list", "url": f"/v1/{name}", "has_more": start > 0, "data": shown}
        return {"object": "list", "url": f"/v1/{name}", "has_more": start + size < len(found.objects), "data": shown}

    def _place(self, name: str, found: _List, asked: Mapping[str, str], param: str) -> int:
        if asked[param] not in found.places:
            raise RefusalError(400, f"No such {name[:-1]}: '{asked[param]}'", "resource_missing", param)
        return found.places[asked[param]]

    def _list(self, name: str, ledger: Ledger, asked: Mapping[str, str]) -> _List:
        """The whole list, kept while pages of it are read."""
        filters = tuple(sorted((key, value) for key, value in asked.items() if key not in ("limit", "starting_after", "ending_before")))
        key = ledger.business.slug, name, self.as_of(), filters
        if key not in self._lists:
            if len(self._lists) > 12:
                self._lists.clear()
            self._lists[key] = _List([item for item in self._objects(name, ledger, asked) if _passes(item, asked)])
        return self._lists[key]

    def _objects(self, name: str, ledger: Ledger, asked: Mapping[str, str]) -> list[Object]:
        as_of = self.as_of()
        since = _since(ledger, asked)
        if name == "customers":
            return [_customer(customer, ledger.business.currency) for customer in ledger.customers(since, as_of, as_of)]
        if name == "charges":
            return [_charge(charge) for charge in ledger.charges(since, as_of, as_of)]
        if name == "refunds":
            charges = {}
            if asked.get("expand[]") == "data.charge":
                charges = {charge.id: _charge(charge) for charge in ledger.charges(since - LATEST_REFUND, as_of, as_of)}
            return [
                _refund(refund) | {"charge": charges.get(refund.charge_id, refund.charge_id)}
                for refund in ledger.refunds(since, as_of, as_of)
            ]
        if name == "invoices":
            return [_invoice(invoice) for invoice in ledger.invoices(since, as_of, as_of)]
        wanted = asked.get("status", "")
        found = [_subscription(subscription) for subscription in ledger.subscriptions(since, as_of, as_of)]
        # Without a status, cancelled subscriptions are not shown.
        return [item for item in found if wanted == "all" or item["status"] == wanted or (not wanted and item["status"] != "canceled")]


def failure(status: int, message: str, code: str = "", param: str = "") -> Answer:
    error = {"type": "invalid_request_error" if status < 500 else "api_error", "message": message}
    error |= {name: value for name, value in (("code", code), ("param", param)) if value}
    return Answer.json({"error": error}, status).with_headers({"Request-Id": "req_simulated"})


def rate_limit(retry_after: str = "") -> Answer:
    """429, with the seconds to wait in a header where given."""
    refused = failure(429, "Request rate limit exceeded.", "rate_limit")
    return refused.with_headers({"Stripe-Rate-Limited-Reason": "endpoint-rate"} | ({"Retry-After": retry_after} if retry_after else {}))


def _refused(error: str, description: str, status: int = 400) -> Answer:
    return Answer.json({"error": error, "error_description": description}, status)


def _asked(name: str, query: Mapping[str, str]) -> dict[str, str]:
    for key in query:
        field, _, bound = key.removesuffix("]").partition("[")
        known = bound in BOUNDS if field == "created" and bound else field in COMMON | FILTERS[name] and not bound
        if not known:
            raise RefusalError(400, f"Received unknown parameter: {key}", "parameter_unknown", key)
        if field == "created" and not query[key].isdigit():
            raise RefusalError(400, f"Invalid timestamp: must be an integer Unix timestamp in seconds, not {query[key]!r}.", param=key)
    if name == "subscriptions" and query.get("status", "all") not in STATUSES | {"all"}:
        raise RefusalError(400, f"Invalid status: {query['status']}", param="status")
    return {("created[gte]" if key == "created" else key): value for key, value in query.items()}


def _limit(asked: Mapping[str, str]) -> int:
    text = asked.get("limit", str(DEFAULT_LIMIT))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_LIMIT:
        raise RefusalError(
            400, f"Invalid integer: {text}; limit must be between 1 and {LARGEST_LIMIT}.", "parameter_invalid_integer", "limit"
        )
    return int(text)


def _since(ledger: Ledger, asked: Mapping[str, str]) -> date:
    """The first day that can hold what is asked for."""
    earliest = max((int(asked[key]) for key in ("created[gte]", "created[gt]") if key in asked), default=0)
    day = datetime.fromtimestamp(earliest, UTC).date() - timedelta(days=1)
    return max(day, ledger.story.opened_on)


def _passes(item: Object, asked: Mapping[str, str]) -> bool:
    """Whether an object is within the bounds and has the values asked for. A status of subscriptions was looked at before."""
    created = item["created"]
    within = (
        created >= int(asked.get("created[gte]", created))
        and created <= int(asked.get("created[lte]", created))
        and created > int(asked.get("created[gt]", created - 1))
        and created < int(asked.get("created[lt]", created + 1))
    )
    names = {"customer", "email", "charge", "payment_intent"} | ({"status"} if item["object"] == "invoice" else set())
    subscription = asked.get("subscription")
    is_of_subscription = not subscription or _subscription_of(item) == subscription
    return within and is_of_subscription and all(item.get(name) == asked[name] for name in names if name in asked)


def _subscription_of(invoice: Object) -> str:
    parent = invoice["parent"]
    return str(parent["subscription_details"]["subscription"]) if parent else ""


# ------------------------------------------------------------------------------------------------------------ objects
def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(at: datetime | None) -> int | None:
    return _seconds(at) if at else None


def _origin(touch: Touch) -> dict[str, str]:
    """What a shop's checkout notes in the metadata."""
    noted = {
        "utm_source": touch.source,
        "utm_medium": touch.medium,
        "utm_campaign": touch.campaign,
        "campaign_id": touch.campaign_id,
        "gclid": touch.click_id,
    }
    return {name: value for name, value in noted.items() if value}


def _account(ledger: Ledger) -> Object:
    business = ledger.business
    return {
        "id": business.accounts.stripe,
        "object": "account",
        "business_profile": {"name": business.name, "url": f"https://{business.domain}"},
        "default_currency": business.currency.lower(),
        "settings": {"dashboard": {"display_name": business.name, "timezone": business.zone}},
    }


def _customer(customer: Customer, currency: str) -> Object:
    return {
        "id": customer.id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": _seconds(customer.created_at),
        "currency": currency.lower(),
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": customer.email or None,
        "livemode": False,
        "metadata": {"customer_number": customer.number} | _origin(customer.touch),
        "name": customer.name,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def _charge(charge: Charge) -> Object:
    is_paid = charge.status == "succeeded"
    metadata = {"tax": str(charge.tax_minor), "shipping": str(charge.shipping_minor)} | _origin(charge.touch)
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount_minor,
        "amount_captured": charge.amount_minor if is_paid else 0,
        "amount_refunded": charge.refunded_minor,
        "balance_transaction": f"txn_{charge.id[3:]}" if is_paid else None,
        "billing_details": {"address": address, "email": charge.email or None, "name": None, "phone": None, "tax_id": None},
        "captured": is_paid,
        "created": _seconds(charge.created_at),
        "currency": charge.currency,
        "customer": charge.customer_id,
        "description": f"Order {charge.order_id}" if charge.order_id else "Subscription" if charge.subscription_id else "Invoice",
        "disputed": False,
        "failure_code": None if is_paid else "card_declined",
        "failure_message": None if is_paid else "Your card was declined.",
        "fraud_details": {},
        "livemode": False,
        "metadata": ({"order_id": charge.order_id} if charge.order_id else {}) | metadata,
        "paid": is_paid,
        "payment_intent": _intent(charge.id),
        "receipt_email": charge.email or None,
        "refunded": charge.refunded_minor == charge.amount_minor,
        "status": charge.status,
    }


def _intent(charge_id: str) -> str:
    """An attempt that failed belongs to the same intent as the one that succeeded."""
    return f"pi_{charge_id[3:-1]}"


def _refund(refund: Refund) -> Object:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount_minor,
        "balance_transaction": f"txn_{refund.id[3:]}",
        "charge": refund.charge_id,
        "created": _seconds(refund.created_at),
        "currency": refund.currency,
        "metadata": {"order_id": refund.order_id} if refund.order_id else {},
        "payment_intent": _intent(refund.charge_id),
        "reason": "requested_by_customer",
        "status": "succeeded",
    }


def _invoice(invoice: Invoice) -> Object:
    created, net = _seconds(invoice.created_at), invoice.total_minor - invoice.tax_minor
    details = {"metadata": {}, "subscription": invoice.subscription_id}
    parent = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
    line = {
        "id": f"il_{invoice.id[3:]}",
        "object": "line_item",
        "amount": net,
        "currency": invoice.currency,
        "description": invoice.description,
        "invoice": invoice.id,
        "livemode": False,
        "period": {"start": created, "end": _seconds(invoice.period_ends_at)},
        "quantity": invoice.quantity,
    }
    payment = {
        "id": f"inpay_{invoice.id[3:]}",
        "object": "invoice_payment",
        "amount_paid": invoice.total_minor,
        "amount_requested": invoice.total_minor,
        "created": created,
        "currency": invoice.currency,
        "invoice": invoice.id,
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": _intent(invoice.charge_id)},
        "status": "paid",
    }
    return {
        "id": invoice.id,
        "object": "invoice",
        "amount_due": invoice.total_minor,
        "amount_paid": invoice.total_minor,
        "amount_remaining": 0,
        "billing_reason": invoice.billing_reason,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": invoice.currency,
        "customer": invoice.customer_id,
        "lines": {"object": "list", "data": [line], "has_more": False, "url": f"/v1/invoices/{invoice.id}/lines"},
        "livemode": False,
        "metadata": {},
        "number": f"{invoice.id[3:11].upper()}-0001",
        "parent": parent if invoice.subscription_id else None,
        "payments": {"object": "list", "data": [payment], "has_more": False, "url": f"/v1/invoice_payments?invoice={invoice.id}"},
        "period_end": created,
        "period_start": created,
        "status": "paid",
        "status_transitions": {"finalized_at": created, "marked_uncollectible_at": None, "paid_at": created + 2, "voided_at": None},
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "total": invoice.total_minor,
        "total_excluding_tax": net,
    }


def _subscription(subscription: Subscription) -> Object:
    started = _seconds(subscription.started_at)
    is_ending = bool(subscription.cancels_at and not subscription.ended_at)
    price = {
        "id": subscription.plan.id + ("" if subscription.unit_minor == subscription.plan.price * 100 else f"_{subscription.currency}"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": started,
        "currency": subscription.currency,
        "livemode": False,
        "metadata": {},
        "nickname": subscription.plan.name,
        "product": f"prod_{subscription.plan.id.removeprefix('price_')}",
        "recurring": {"interval": subscription.plan.interval, "interval_count": 1, "meter": None, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": subscription.unit_minor,
        "unit_amount_decimal": str(subscription.unit_minor),
    }
    item = {
        "id": f"si_{subscription.id[4:]}",
        "object": "subscription_item",
        "created": started,
        "current_period_end": _seconds(subscription.period_ends_at),
        "current_period_start": _seconds(subscription.period_started_at),
        "metadata": {},
        "price": price,
        "quantity": subscription.quantity,
        "subscription": subscription.id,
    }
    url = f"/v1/subscription_items?subscription={subscription.id}"
    reason = "cancellation_requested" if subscription.cancelled_at else None
    return {
        "id": subscription.id,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": started,
        "cancel_at": _moment(subscription.cancels_at),
        "cancel_at_period_end": is_ending,
        "canceled_at": _moment(subscription.cancelled_at),
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
        "collection_method": "charge_automatically",
        "created": started,
        "currency": subscription.currency,
        "customer": subscription.customer_id,
        "ended_at": _moment(subscription.ended_at),
        "items": {"object": "list", "data": [item], "has_more": False, "url": url},
        "livemode": False,
        "metadata": {},
        "start_date": started,
        "status": subscription.status,
        "trial_end": None,
        "trial_start": None,
    }
