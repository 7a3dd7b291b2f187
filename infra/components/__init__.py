"""The parts of the cloud, one component each."""
