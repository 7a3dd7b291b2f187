"""The wanted state of the cloud, and the verbs that Pulumi has no resource for."""
