"""The infrastructure program on the real engine and the real AWS provider, without a host."""
