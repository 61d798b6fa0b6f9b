"""The contract of the local AWS as a table: each documented behaviour, on stock moto and in the sandbox."""
