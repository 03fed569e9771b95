"""Operating Wayhome: the command line, run, check and bench. Calls services and queries only."""
