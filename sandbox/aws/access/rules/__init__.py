"""Which actions on which resources an operation needs: one table a group of services."""
