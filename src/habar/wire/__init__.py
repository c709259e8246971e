"""Bytes to values and back, without I/O: a package a protocol; clock and ids are arguments."""
