"""The types and functions that the bridge serves: Pulumi's token -> Terraform's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RESOURCES: Final[Mapping[str, str]] = {
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": "aws_dlm_lifecycle_policy",
    "aws:ebs/snapshot:Snapshot": "aws_ebs_snapshot",
    "aws:ebs/volume:Volume": "aws_ebs_volume",
    "aws:ec2/eip:Eip": "aws_eip",
    "aws:ec2/instance:Instance": "aws_instance",
    "aws:ec2/internetGateway:InternetGateway": "aws_internet_gateway",
    "aws:ec2/keyPair:KeyPair": "aws_key_pair",
    "aws:ec2/route:Route": "aws_route",
    "aws:ec2/routeTable:RouteTable": "aws_route_table",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "aws_route_table_association",
    "aws:ec2/securityGroup:SecurityGroup": "aws_security_group",
    "aws:ec2/subnet:Subnet": "aws_subnet",
    "aws:ec2/tag:Tag": "aws_ec2_tag",
    "aws:ec2/volumeAttachment:VolumeAttachment": "aws_volume_attachment",
    "aws:ec2/vpc:Vpc": "aws_vpc",
    "aws:iam/instanceProfile:InstanceProfile": "aws_iam_instance_profile",
    "aws:iam/role:Role": "aws_iam_role",
    "aws:iam/rolePolicy:RolePolicy": "aws_iam_role_policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "aws_iam_role_policy_attachment",
    "aws:ssm/parameter:Parameter": "aws_ssm_parameter",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "aws_vpc_security_group_egress_rule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "aws_vpc_security_group_ingress_rule",
}

FUNCTIONS: Final[Mapping[str, str]] = {
    "aws:ebs/getEbsVolumes:getEbsVolumes": "aws_ebs_volumes",
    "aws:ebs/getSnapshot:getSnapshot": "aws_ebs_snapshot",
    "aws:ebs/getSnapshotIds:getSnapshotIds": "aws_ebs_snapshot_ids",
    "aws:ebs/getVolume:getVolume": "aws_ebs_volume",
    "aws:ec2/getAmi:getAmi": "aws_ami",
    "aws:ec2/getInstanceType:getInstanceType": "aws_ec2_instance_type",
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": "aws_ec2_instance_type_offerings",
    "aws:iam/getPolicyDocument:getPolicyDocument": "aws_iam_policy_document",
    "aws:index/getAvailabilityZones:getAvailabilityZones": "aws_availability_zones",
    "aws:index/getCallerIdentity:getCallerIdentity": "aws_caller_identity",
    "aws:index/getPartition:getPartition": "aws_partition",
    "aws:index/getRegion:getRegion": "aws_region",
    "aws:ssm/getParameter:getParameter": "aws_ssm_parameter",
}
