"""zagent's tests, and the stand-ins they share."""
