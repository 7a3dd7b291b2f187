"""What every deployment must keep to: rules that Pulumi's engine checks before it makes or changes anything."""
