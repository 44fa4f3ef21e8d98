"""One module a sub-command: add_arguments(parser) and run(args) -> exit code."""
