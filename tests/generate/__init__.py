"""Generating: schedule, request, memory plan, engine, output, replay and the commands."""
