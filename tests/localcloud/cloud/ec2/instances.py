"""EC2's calls about instances, with a machine behind each.

Stopping and rebooting go on after the call has returned, as on AWS; the instance shows how far they are.
"""

from __future__ import annotations

import base64
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceState, Reservation

from tests.localcloud.cloud.ec2.addresses import AddressBackend, Changed
from tests.localcloud.cloud.ec2.work import in_background, told


class InstanceBackend(AddressBackend):
    """The instances of a region."""

    def run_instances(self, *words: Any, **named: Any) -> Reservation:
        """Also boot a machine for each."""
        reservation = super().run_instances(*words, **named)
        for instance in reservation.instances:
            self._launch(instance)
        return reservation

    def _launch(self, instance: Instance) -> None:
        key = self.key_pairs.get(instance.key_name or "")
        user_data = base64.b64decode(str(instance.user_data)) if instance.user_data else b""
        try:
            with told():
                address = self._choose_address(instance)
                public_key = key.public_key if key else ""
                self.machines.launch(instance.id, address, user_data, public_key, self._reachable())
                self._plug_in(instance)
        except EC2ClientError:
            self.terminate_instances([instance.id])
            raise

    def _reachable(self) -> bool:
        """Whether a new machine will answer SSH."""
        return True

    def _plug_in(self, instance: Instance) -> None:
        """The disks of volumes that the launch itself asked for, besides the root."""
        for device, held in instance.get_block_device_mapping:
            if device != instance.root_device_name:
                self.machines.attach(instance.id, held.volume_id, self.disks.path(held.volume_id))

    def start_instances(self, instance_ids: list[str]) -> Changed:
        """Also boot their machines, each at another address than before unless it has an Elastic IP."""
        started = super().start_instances(instance_ids)
        for instance, before in started:
            if before.name == "stopped":
                with told():
                    self.machines.start(instance.id, self._choose_address(instance))
        return started

    def stop_instances(self, instance_ids: list[str]) -> Changed:
        """Also shut their machines down."""
        stopped = super().stop_instances(instance_ids)
        for instance, before in stopped:
            self._show_address(instance)
            if before.name == "running":
                instance._state = InstanceState("stopping", 64)
                in_background(self._shut_down, instance)
        return stopped

    def _shut_down(self, instance: Instance) -> None:
        self.machines.stop(instance.id)
        if instance.state == "stopping":  # and not terminated meanwhile
            instance._state = InstanceState("stopped", 80)

    def reboot_instances(self, instance_ids: list[str]) -> list[Instance]:
        """Also restart their machines."""
        rebooted = super().reboot_instances(instance_ids)
        for instance in rebooted:
            in_background(self.machines.reboot, instance.id)
        return rebooted

    def terminate_instances(self, instance_ids: list[str]) -> Changed:
        """Also end their machines, first of all; protected ones are left to moto to refuse."""
        for instance in self.get_multi_instances_by_id(instance_ids):
            if not instance.disable_api_termination and instance.id in self.machine_addresses:
                with told():
                    self.machines.terminate(instance.id)
                del self.machine_addresses[instance.id]
        return super().terminate_instances(instance_ids)
