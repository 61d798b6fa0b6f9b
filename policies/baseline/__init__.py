"""What public scanners ask of the types that the programme declares, and more where they are known to be weak."""
