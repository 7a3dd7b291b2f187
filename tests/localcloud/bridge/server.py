"""Pulumi's provider protocol: each call becomes an operation on a resource or function."""

# ruff: noqa: N802 - the names are the protocol's
from __future__ import annotations

from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from tests.localcloud.bridge import autoname, configuration
from tests.localcloud.bridge.answers import difference, explained, failures
from tests.localcloud.bridge.catalog import Catalog
from tests.localcloud.bridge.client import Client
from tests.localcloud.bridge.hiding import hidden, hiding
from tests.localcloud.bridge.log import Log
from tests.localcloud.bridge.resource import META, TAINTED, Resource
from tests.localcloud.bridge.served import Served
from tests.localcloud.bridge.values import message, opened, plain


class Bridge(ResourceProviderServicer):
    """The AWS provider, as the engine calls it."""

    def __init__(self, client: Client, log: Log) -> None:
        self._client = client
        self._log = log
        self._catalog: Catalog | None = None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> messages.ProviderHandshakeResponse:
        """Tell what the provider takes: secrets as such, and how the stack wants names to be made."""
        return messages.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Be the version that the program's SDK asks for."""
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    @explained
    def CheckConfig(self, request: messages.CheckRequest, context: grpc.ServicerContext) -> messages.CheckResponse:
        """Validate the provider's configuration."""
        found = configuration.check(self._provider, plain(request.news))
        return messages.CheckResponse(inputs=request.news, failures=failures(found))

    def DiffConfig(self, request: messages.DiffRequest, context: grpc.ServicerContext) -> messages.DiffResponse:
        """Another configuration replaces nothing: it is only used from then on."""
        changed = request.old_inputs != request.news
        kind = messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(changes=kind)

    @explained
    def Configure(
        self, request: messages.ConfigureRequest, context: grpc.ServicerContext
    ) -> messages.ConfigureResponse:
        """Configure the provider, before anything else is asked of it."""
        region = configuration.apply(self._provider, plain(request.args))
        self._catalog = Catalog(self._client, region)
        return messages.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @explained
    def Invoke(self, request: messages.InvokeRequest, context: grpc.ServicerContext) -> messages.InvokeResponse:
        """Ask a data source; what the provider refuses is a failure, which the program sees as an exception."""
        function = self._configured.function(request.tok, partial(self._log.warn, ""))
        arguments = plain(request.args)
        if found := function.check(arguments):
            return messages.InvokeResponse(failures=failures(found))
        outputs, found = function.invoke(arguments)
        return messages.InvokeResponse(**{"return": message(outputs)}, failures=failures(found))

    @explained
    def Check(self, request: messages.CheckRequest, context: grpc.ServicerContext) -> messages.CheckResponse:
        """Validate a resource's inputs, with the name that it gets if the program gives none."""
        resource = self._resource(request)
        name, found = autoname.added(resource.name, resource.shape, request)
        request.news.update(name)
        found = found or resource.check(plain(request.news))
        return messages.CheckResponse(inputs=request.news, failures=failures(found))

    @explained
    def Diff(self, request: messages.DiffRequest, context: grpc.ServicerContext) -> messages.DiffResponse:
        """Plan, and tell what would change."""
        resource, outputs, inputs = self._resource(request), plain(request.olds), plain(request.news)
        found = resource.diff(outputs, inputs, request.ignoreChanges)
        named = autoname.given(resource.name, resource.shape, inputs)
        return difference(found, tainted=TAINTED in outputs, named=named)

    @explained
    def Create(self, request: messages.CreateRequest, context: grpc.ServicerContext) -> messages.CreateResponse:
        """Create a resource, or tell what it would be."""
        resource, inputs = self._resource(request), plain(request.properties)
        create = partial(resource.create, inputs, request.preview, request.timeout)
        outputs = hidden(hiding(request.properties), create)
        identity = "" if request.preview else str(opened(outputs["id"]))
        return messages.CreateResponse(id=identity, properties=message(outputs))

    @explained
    def Read(self, request: messages.ReadRequest, context: grpc.ServicerContext) -> messages.ReadResponse:
        """Look at a resource of the stack again, or at one that another made; no id in the answer: there is none."""
        resource, outputs = self._resource(request), plain(request.properties)
        found = resource.read(outputs, plain(request.inputs)) if META in outputs else resource.find(request.id)
        if found is None:
            return messages.ReadResponse()
        hide = hiding(request.inputs, request.properties)
        properties, inputs = message(hide(found.outputs)), message(hide(found.inputs))
        return messages.ReadResponse(id=str(found.outputs["id"]), properties=properties, inputs=inputs)

    @explained
    def Update(self, request: messages.UpdateRequest, context: grpc.ServicerContext) -> messages.UpdateResponse:
        """Change a resource in place, or tell what it would be."""
        olds, news = plain(request.olds), plain(request.news)
        update = partial(self._resource(request).update, olds, news, request.preview, request.timeout)
        return messages.UpdateResponse(properties=message(hidden(hiding(request.news), update)))

    # Safety contract: the engine asks for a deletion only of what the stack's state holds, never of a retained
    # resource; the resource deleted is the one whose id is in the state.
    @explained
    def Delete(self, request: messages.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete a resource; answers when it is gone."""
        self._resource(request).delete(plain(request.properties), request.timeout)
        return empty_pb2.Empty()

    @explained
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Have the provider give up what it waits for: the operations under way then fail."""
        self._client.stop()
        return empty_pb2.Empty()

    @cached_property
    def _provider(self) -> Served:
        return configuration.configuration(self._client)

    @property
    def _configured(self) -> Catalog:
        assert self._catalog is not None, "the engine configures a provider before it uses it"
        return self._catalog

    def _resource(self, request: Any) -> Resource:
        return self._configured.resource(request.type, partial(self._log.warn, request.urn))
