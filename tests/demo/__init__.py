"""What scripts/demo runs: the agent's whole promise on one machine, with real parts and tiny weights."""
