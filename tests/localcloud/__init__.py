"""A cloud on this machine: the real Pulumi engine and AWS provider, AWS's API as moto serves it, a VM for each host."""
