"""The customers' side: the doors through which programs of theirs come in."""
