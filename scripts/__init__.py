"""What the Makefile runs: build steps, servers, the terminal chat. Not installed with the package."""
