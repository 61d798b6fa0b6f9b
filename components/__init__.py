"""How the catalogue exists in a cloud: Pulumi components, one noun a file."""
