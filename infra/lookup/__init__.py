"""What is found out and decided before anything is declared: volume -> zone -> host, and never the other way."""
