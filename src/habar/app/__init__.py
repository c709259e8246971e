"""Wiring: the parts are made here, given to one another, started and stopped in the right order."""
