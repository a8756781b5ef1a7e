"""What Entente promises, held by tests: one file a source file, and files named after what goes wrong."""
