"""HTTP: one listener for every protocol that travels over it, and the endpoints behind it."""
