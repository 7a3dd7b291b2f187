"""A workstation in the cloud: a host with a role, a data disk that survives it, and daily snapshots of the disk.

It knows nothing of zagent or of the local cloud.
"""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
tags = {"workstation": pulumi.get_stack()}
zone = config.get("zone") or aws.get_availability_zones(state="available").names[0]


def assumed_by(service: str) -> str:
    """The policy by which a service may take a role."""
    who = aws.iam.GetPolicyDocumentStatementPrincipalArgs(type="Service", identifiers=[f"{service}.amazonaws.com"])
    may = aws.iam.GetPolicyDocumentStatementArgs(actions=["sts:AssumeRole"], principals=[who])
    return aws.iam.get_policy_document(statements=[may]).json


vpc = aws.ec2.Vpc("net", cidr_block="10.20.0.0/16", enable_dns_hostnames=True, tags=tags)
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, tags=tags)
subnet = aws.ec2.Subnet(
    "subnet", vpc_id=vpc.id, cidr_block="10.20.1.0/24", availability_zone=zone, map_public_ip_on_launch=True, tags=tags
)
routes = aws.ec2.RouteTable("routes", vpc_id=vpc.id, tags=tags)
aws.ec2.Route("out", route_table_id=routes.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
aws.ec2.RouteTableAssociation("routed", subnet_id=subnet.id, route_table_id=routes.id)
firewall = aws.ec2.SecurityGroup(
    "firewall",
    vpc_id=vpc.id,
    ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["127.0.0.0/8"]}],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
    tags=tags,
)

role = aws.iam.Role("host-role", assume_role_policy=assumed_by("ec2"), tags=tags)
aws.iam.RolePolicyAttachment(
    "managed", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
)
aws.iam.RolePolicy(
    "reads-tags",
    role=role.id,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["ec2:DescribeTags"], "Resource": "*"}],
        }
    ),
)
profile = aws.iam.InstanceProfile("host-profile", role=role.name, tags=tags)

kept = config.get("volume")
volume = aws.ebs.Volume(
    "data",
    availability_zone=zone,
    size=config.get_int("size") or 1,
    type="gp3",
    encrypted=True,
    tags=tags,
    opts=pulumi.ResourceOptions(retain_on_delete=True, import_=kept),
)
key = aws.ec2.KeyPair("key", public_key=config.require("publicKey"), tags=tags)
host = aws.ec2.Instance(
    "host",
    ami=config.get("ami") or aws.ssm.get_parameter(name=config.require("image")).value,
    instance_type=config.get("type") or "g6e.xlarge",
    subnet_id=subnet.id,
    vpc_security_group_ids=[firewall.id],
    iam_instance_profile=profile.name,
    key_name=key.key_name,
    metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
    tags=tags,
    opts=pulumi.ResourceOptions(delete_before_replace=True),
)
aws.ec2.VolumeAttachment(
    "attached", instance_id=host.id, volume_id=volume.id, device_name="/dev/sdf", stop_instance_before_detaching=True
)

lifecycle = aws.iam.Role("lifecycle-role", assume_role_policy=assumed_by("dlm"), tags=tags)
aws.iam.RolePolicyAttachment(
    "snapshots",
    role=lifecycle.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole",
)
aws.dlm.LifecyclePolicy(
    "daily",
    description="the data disk daily",
    execution_role_arn=lifecycle.arn,
    state="ENABLED",
    policy_details={
        "resource_types": ["VOLUME"],
        "target_tags": tags,
        "schedules": [
            {
                "name": "daily",
                "create_rule": {"interval": 24, "interval_unit": "HOURS", "times": "03:00"},
                "retain_rule": {"count": 7},
                "copy_tags": True,
            }
        ],
    },
    tags=tags,
)

pulumi.export("volume", volume.id)
pulumi.export("host", host.id)
pulumi.export("address", host.public_ip)
pulumi.export("caller", aws.get_caller_identity().arn)
