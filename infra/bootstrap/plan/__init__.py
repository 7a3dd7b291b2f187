"""From facts and a want to the next steps, or a refusal. Pure."""
