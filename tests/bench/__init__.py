"""What scripts/bench measures: ratios against something run beside zagent, never absolute promises."""
