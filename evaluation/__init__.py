"""Question sets and metrics: how good the assistant is, measured over running servers or on the core alone."""
