"""The action server: one action per file, each a thin shell around `healthqa.Assistant`."""
