"""`pulumi-resource-aws`: Pulumi's provider protocol on one side, the real HashiCorp AWS provider on the other.

pulumi-aws is itself a bridge over that provider, but can be had only from where plug-ins are released. This one serves
the types of one table. What a change means, and whether a value is right, is the provider's own verdict.
"""
