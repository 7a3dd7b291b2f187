"""The security groups of instances, which moto keeps twice: at the instance and at its network interface."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, Reservation


class GroupBackend(EC2Backend):
    """On AWS an instance has the groups of its primary interface. Moto's would have none when they come with that."""

    def run_instances(self, *words: Any, **named: Any) -> Reservation:
        """Also show the groups at the instance: those of the launch, else the network's default group."""
        reservation = super().run_instances(*words, **named)
        for instance in reservation.instances:
            instance.security_groups = list(dict.fromkeys(instance.nics[0]._group_set))
        return reservation

    def modify_network_interface_attribute(self, eni_id: str, group_ids: list[str], *words: Any) -> None:
        """Also change the groups of the instance whose primary interface it is."""
        super().modify_network_interface_attribute(eni_id, group_ids, *words)
        card = self.get_network_interface(eni_id)
        if card.instance and card.device_index == 0:
            card.instance.security_groups = list(card._group_set)

    def modify_instance_security_groups(self, instance_id: str, new_group_id_list: list[str]) -> Instance:
        """Also change the groups of its primary interface."""
        instance = super().modify_instance_security_groups(instance_id, new_group_id_list)
        instance.nics[0]._group_set = list(instance.security_groups)
        return instance
