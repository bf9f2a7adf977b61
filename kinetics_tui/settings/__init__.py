"""The settings file, environment variables and flags, laid over the options."""
