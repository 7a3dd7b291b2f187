"""What needs an accelerator."""
