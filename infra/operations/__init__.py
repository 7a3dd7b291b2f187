"""What a person does to a running host, with no Pulumi state."""
