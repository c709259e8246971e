"""Pure values and rules: no input, no output, no clock. Everything here may be used anywhere."""
