"""One file for each group of commands; each calls services and queries and prints."""
