"""The one door: authenticate, validate, normalise, segment, route, price; then the store."""
