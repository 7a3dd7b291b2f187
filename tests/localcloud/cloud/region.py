"""Where a program works that names no region."""

REGION = "us-east-1"
