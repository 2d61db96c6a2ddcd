"""The policy: a file becomes a frozen model, a row becomes checks."""
