"""Bytes to values and back, without I/O: one package a protocol family; clock and ids are arguments."""
