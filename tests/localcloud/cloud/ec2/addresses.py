"""The addresses at which instances answer: free ones of this machine's loopback network, Elastic IPs among them."""

from __future__ import annotations

import threading
from typing import Any

from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance, InstanceState

from tests.localcloud.cloud.ec2.volumes import VolumeBackend
from tests.localcloud.cloud.ec2.work import told
from tests.localcloud.cloud.machines import free_address

Changed = list[tuple[Instance, InstanceState]]
"""Instances and the state they were in before."""


class AddressBackend(VolumeBackend):
    """An instance has an address of its own, another one after each stop, or an Elastic IP."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._choosing = threading.Lock()  # so that no two get the same address
        super().__init__(region_name, account_id)

    def _choose_address(self, instance: Instance) -> str:
        """An instance's new address: its Elastic IP, or a free one that is not the one it has."""
        with self._choosing:
            elastic = self._elastic(instance.nics[0])
            self.machine_addresses[instance.id] = elastic.public_ip if elastic else self._free_address()
        self._show_address(instance)
        return self.machine_addresses[instance.id]

    def _free_address(self) -> str:
        return free_address({*self.machine_addresses.values(), *(one.public_ip for one in self.addresses)})

    def _elastic(self, interface: NetworkInterface) -> ElasticAddress | None:
        return next((one for one in self.addresses if one.eni is interface), None)

    def _show_address(self, instance: Instance) -> None:
        """Public is an Elastic IP; and while it runs, the address of an instance that gets a public one at all."""
        interface = instance.nics[0]
        public = self._elastic(interface) or (interface.public_ip_auto_assign and instance.state == "running")
        interface.public_ip = self.machine_addresses.get(instance.id) if public else None

    def allocate_address(
        self, domain: str, address: str | None = None, tags: dict[str, str] | None = None
    ) -> ElasticAddress:
        """An Elastic IP of this machine's loopback network, at which nobody answers yet."""
        with self._choosing:
            return super().allocate_address(domain, address or self._free_address(), tags)

    def associate_address(self, *words: Any, **named: Any) -> ElasticAddress:
        """Also have the machine answer there, and no longer the one that did."""
        before = self._interfaces()
        elastic = super().associate_address(*words, **named)
        for other in before.keys() - {elastic}:  # an interface has one at a time, which moto does not see
            if before[other] is elastic.eni:
                other.instance = other.eni = other.association_id = None
        for interface in (before[elastic], elastic.eni):
            self._move(interface)
        return elastic

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """Also have the machine answer at an address of its own."""
        before = self._interfaces()
        super().disassociate_address(address, association_id)
        for one, interface in before.items():
            if one.eni is not interface:
                self._move(interface)

    def _interfaces(self) -> dict[ElasticAddress, NetworkInterface | None]:
        return {one: one.eni for one in self.addresses}

    def terminate_instances(self, instance_ids: list[str]) -> Changed:
        """Also part them from their Elastic IPs."""
        terminated = super().terminate_instances(instance_ids)
        for instance, _ in terminated:
            if elastic := self._elastic(instance.nics[0]):
                self.disassociate_address(elastic.public_ip)
        return terminated

    def _move(self, interface: NetworkInterface | None) -> None:
        """The machine behind an interface, if any, answers where it should from now on."""
        instance = interface and interface.instance
        if instance and instance.id in self.machine_addresses:
            with told():
                self.machines.move(instance.id, self._choose_address(instance))
