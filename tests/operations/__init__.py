"""What a person does to a running host, against the API of the local cloud."""
