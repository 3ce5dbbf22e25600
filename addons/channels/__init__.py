"""The channels through which readers talk to the assistant."""
