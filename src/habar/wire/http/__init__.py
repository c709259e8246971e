"""Documents that travel over HTTP, as values: one package a protocol; no listener, no socket."""
