"""How fast the gateway is: load over loopback against a gateway and an SMSC of their own processes.

`python -m bench` runs it; docs/reference/benchmarks.md tells what each figure means.
"""
