"""What a consumer's own machine does with a value: put it into force there. Runs on the host, with Python alone."""
