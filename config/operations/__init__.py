"""What whoever runs the service must see: `/healthz`, the operations page and `/metrics` read the same questions."""
