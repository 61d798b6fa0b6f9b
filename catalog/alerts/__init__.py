"""What somebody is told of, how it is noticed, how bad it is, and what to do then. Pure."""
