"""The API of accounts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access, hosts
from accounts.authentication import TokenAuthentication
from accounts.identity import identity
from accounts.models import Client


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made on the page “API tokens”."}


class ClientSerializer(serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        fields = ["slug", "name", "currency", "timezone", "language"]


class ClientListView(APIView):
    @extend_schema(operation_id="clients", summary="The clients you may see", responses=ClientSerializer(many=True))
    def get(self, request: Request) -> Response:
        clients = [client for client in access.clients_of(identity(request._request)) if hosts.serves(request._request, client)]
        return Response(ClientSerializer(clients, many=True).data)
